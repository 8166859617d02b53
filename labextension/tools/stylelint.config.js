module.exports = {
  extends: ['stylelint-config-recommended', 'stylelint-config-standard'],
  plugins: ['stylelint-csstree-validator'],
  rules: {
    'csstree/validator': true,
    'property-no-vendor-prefix': null,
    // JupyterLab's own form of a class name: jp-MLOps-runTable.
    'selector-class-pattern': '^([a-z][A-z\\d]*)(-[A-z\\d]+)*$',
    'selector-no-vendor-prefix': null,
    'value-no-vendor-prefix': null
  }
};
