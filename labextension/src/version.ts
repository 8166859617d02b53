// The same file from `src/` (tests) and from `lib/` (the build), read when bundling.
declare const require: (path: string) => { version: string };

/** The version of this front end, in the form that npm writes it. */
export const VERSION: string = require('../../package.json').version;

/** Whether a server part of `version`, in the form that Python writes it, is ours. */
export function isOurVersion(version: string, ours: string = VERSION): boolean {
  const asPython = ours.replace(
    /-(alpha|beta|rc)\.?/,
    (_, stage: string) => ({ alpha: 'a', beta: 'b' })[stage] ?? stage
  );
  return version === ours || version === asPython;
}
