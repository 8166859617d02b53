const path = require('path');
const fromJupyterLab = require('@jupyterlab/testing/lib/jest-config');

const root = path.resolve(__dirname, '../..');
const own = name => require.resolve(name);

// Shipped as ES modules only, which jest cannot read as they are.
const esModules = [
  '@codemirror/',
  '@jupyter/react-components',
  '@jupyter/web-components',
  '@jupyter/ydoc',
  '@jupyterlab/',
  '@marijn/',
  '@microsoft/',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'yjs'
].join('|');

module.exports = {
  ...fromJupyterLab(root),
  rootDir: root,
  roots: ['<rootDir>/labextension/src'],
  // The sources see their own dependencies first, and the test tools after them.
  modulePaths: [path.join(__dirname, 'node_modules')],
  moduleNameMapper: {
    '\\.css$': own('identity-obj-proxy'),
    '\\.(gif|ttf|eot)$': own('@jupyterlab/testing/lib/jest-file-mock.js')
  },
  reporters: ['default'],
  resolver: own('@jupyterlab/testing/lib/jest-resolver.js'),
  setupFiles: [
    own('@jupyterlab/testing/lib/jest-shim.js'),
    '<rootDir>/labextension/src/__tests__/setup.ts'
  ],
  testEnvironment: own('@jupyterlab/testing/lib/jest-env.js'),
  // Only the sources are searched; the pattern for lib/ would also match a checkout below one.
  testPathIgnorePatterns: ['/node_modules/'],
  testRegex: 'labextension/src/.*__tests__/.*\\.spec\\.tsx?$',
  transform: {
    '\\.svg$': own('@jupyterlab/testing/lib/jest-raw-loader.js'),
    // Types are checked by tsc, once; here the code is only translated.
    '\\.[jt]sx?$': [own('@swc/jest'), { jsc: { target: 'es2020' } }]
  },
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
