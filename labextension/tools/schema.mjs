/**
 * Writes labextension/src/schema.ts from the JSON Schema on standard input, which
 * `python -m jupyter_mlops.schema` prints; with --check, only says whether it is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { compile } from 'json-schema-to-typescript';
import prettier from 'prettier';

const target = new URL('../src/schema.ts', import.meta.url);
const generated = await compile(
  JSON.parse(await text(process.stdin)),
  'Documents',
  {
    bannerComment:
      '// Written by `make schema` from jupyter_mlops/records/. Do not edit.',
    format: false,
    unreachableDefinitions: true
  }
);
const options = await prettier.resolveConfig(target);
const wanted = await prettier.format(generated, {
  ...options,
  parser: 'typescript'
});

if (!process.argv.includes('--check')) {
  writeFileSync(target, wanted);
} else if (read(target) !== wanted) {
  console.error(
    'labextension/src/schema.ts is not what the records say: run `make schema`'
  );
  process.exit(1);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
