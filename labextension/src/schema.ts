// Written by `make schema` from jupyter_mlops/records/. Do not edit.

export interface Documents {
  Artifact?: Artifact;
  CellDetail?: CellDetail;
  Collection?: Collection;
  Comparison?: Comparison;
  Diagnosis?: Diagnosis;
  Folder?: Folder;
  Forgetting?: Forgetting;
  NotebookParameter?: NotebookParameter;
  Reproduction?: Reproduction;
  Run?: Run;
  RunPage?: RunPage;
  Status?: Status;
  Verdict?: Verdict;
}
/**
 * A stored blob of a run, addressed by its digest; ``path`` is a data file's or module's.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Artifact".
 */
export interface Artifact {
  cell: number | null;
  digest: string;
  kind: 'data' | 'module' | 'notebook' | 'output';
  mime: string;
  name: string;
  path: string | null;
  size_bytes: number;
}
/**
 * A cell execution with its source and its outputs' content (notebook-format objects).
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "CellDetail".
 */
export interface CellDetail {
  execution: CellExecution;
  outputs: {
    [k: string]: unknown;
  }[];
  source: string;
}
/**
 * One execution of one cell, as a run's document lists it.
 *
 *     ``console`` is that of a console on the notebook's kernel, or of a replay of one: it stands
 *     in no notebook. ``variables`` are those of the environment that mean a secret and that it read,
 *     as the kernel was started with them, with a digest each. ``states`` are those in which it found
 *     the generators that it moved (blobs), ``entropy`` what NumPy drew of the system's meanwhile,
 *     each as ``bits:hex``: with both it can be repeated with the same random numbers.
 *     ``disorder`` is empty where it is in order, or was executed again since; ``origins`` are the
 *     cells that gave it what it read.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "CellExecution".
 */
export interface CellExecution {
  cell: number | null;
  console: boolean;
  disorder: Disorder[];
  duration_s: number | null;
  entropy: string[];
  error: CellError | null;
  execution_count: number | null;
  id: string | null;
  injected: boolean;
  origins: {
    [k: string]: number;
  } | null;
  outputs: Output[];
  overlapping: boolean;
  reads: string[];
  source_digest: string;
  started: string | null;
  states: {
    [k: string]: string;
  } | null;
  status: 'error' | 'interrupted' | 'not run' | 'ok' | 'running';
  variables: {
    [k: string]: string;
  } | null;
  writes: string[];
}
/**
 * Why an execution is not known to be what the notebook, executed from its top, gives.
 *
 *     ``what`` is the name, file or generator that it took, ``why`` goes on from there; ``cell`` is
 *     that of the execution that ``why`` tells of.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Disorder".
 */
export interface Disorder {
  cell: number | null;
  kind: 'hidden state' | 'out of order' | 'stale' | 'unknown';
  what: string | null;
  why: string;
}
/**
 * An exception that ended a cell; ``traceback`` is plain text without colour codes.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "CellError".
 */
export interface CellError {
  message: string;
  traceback: string;
  type: string;
}
/**
 * One output as the notebook format has it; its content is the blob ``digest``.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Output".
 */
export interface Output {
  digest: string | null;
  mime: string | null;
  size_bytes: number;
  type: string;
}
/**
 * What ``gc --json`` prints; ``done`` tells whether it was dropped or only looked at.
 *
 *     ``used_bytes`` is what blobs and journals take before, ``left_bytes`` what they take
 *     afterwards, which exceeds ``quota_bytes`` where the rest is protected.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Collection".
 */
export interface Collection {
  done: boolean;
  dropped: Dropped[];
  left_bytes: number;
  notices: string[];
  protected: Protected[];
  quota_bytes: number;
  schema: number;
  used_bytes: number;
}
/**
 * Something that gc drops, or would drop: ``run`` is whose content it is.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Dropped".
 */
export interface Dropped {
  kind: 'content' | 'journal' | 'waste';
  run: string | null;
  size_bytes: number;
  what: string;
  why: string;
}
/**
 * A run whose content gc leaves, although the quota is exceeded, and why.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Protected".
 */
export interface Protected {
  run: string;
  size_bytes: number;
  why: string;
}
/**
 * What ``compare RUN RUN… --json`` prints; a value is ``None`` where a run has none.
 *
 *     ``unknown`` lists what could be compared neither as equal nor as different: digests that
 *     are partial, missing, or of different algorithms. ``inferred`` names those of ``metrics``
 *     that no run did more than print beside a name; no figure shows them.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Comparison".
 */
export interface Comparison {
  causes: MetricCause[];
  differs: Differences;
  figures: {
    [k: string]: unknown;
  };
  inferred: string[];
  metrics: {
    [k: string]: (number | string | null)[];
  };
  notebooks: (string | null)[];
  parameters: {
    [k: string]: unknown[];
  };
  runs: string[];
  schema: number;
  unknown: Difference[];
}
/**
 * A difference between runs that can have made a metric differ.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "MetricCause".
 */
export interface MetricCause {
  cell: number | null;
  detail: string;
  kind:
    | 'code'
    | 'data'
    | 'environment'
    | 'hardware'
    | 'hidden state'
    | 'order'
    | 'parameter'
    | 'seed'
    | 'unknown';
  metric: string;
  what: string;
}
/**
 * What differs between compared runs, by kind.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Differences".
 */
export interface Differences {
  code: Difference[];
  data: Difference[];
  environment: Difference[];
  output: Difference[];
  parameter: Difference[];
}
/**
 * One thing that differs between compared runs, with its value in each run, in order.
 *
 *     ``missing`` has the places of the runs that have no such thing; elsewhere ``None`` is a value.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Difference".
 */
export interface Difference {
  cell: number | null;
  detail: string;
  missing: number[];
  values: unknown[];
  what: string;
}
/**
 * What ``doctor --json`` prints.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Diagnosis".
 */
export interface Diagnosis {
  checks: Check[];
  home: string;
  schema: number;
  version: string;
}
/**
 * One thing that ``doctor`` looked at; a finding says in ``way_out`` what mends it.
 *
 *     ``unseen`` is what can't be recorded or looked at and needs no mending.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Check".
 */
export interface Check {
  area: 'capture' | 'front end' | 'kernels' | 'server' | 'store';
  state: 'finding' | 'ok' | 'unseen';
  way_out: string | null;
  what: string;
}
/**
 * Whether the files that the runs of a folder's notebooks read may be copied into the store.
 *
 *     ``files`` and ``size_bytes`` are what *yes* costs: different contents, none of them above
 *     ``limit_bytes``; ``kept_files`` and ``kept_bytes`` what of it the store has already. An answer
 *     can't be kept where the store can't be written: then it is not ``answerable``.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Folder".
 */
export interface Folder {
  answerable: boolean;
  files: number;
  folder: string;
  keep_data: 'ask' | 'no' | 'yes';
  kept_bytes: number;
  kept_files: number;
  limit_bytes: number;
  schema: number;
  size_bytes: number;
}
/**
 * What ``forget --json`` prints; ``done`` tells whether it was forgotten or only looked at.
 *
 *     ``executions`` are erased, ``shared_executions`` stay because other runs need them too;
 *     ``copies`` of data files go, which are among the ``blobs``. ``obstacle`` says why it can't be
 *     done now, and what to do first; where that is to shut a kernel down, ``kernel`` is its id, as
 *     far as that is known.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Forgetting".
 */
export interface Forgetting {
  blobs: number;
  copies: number;
  dependents: Dependent[];
  done: boolean;
  executions: number;
  freed_bytes: number;
  kernel: string | null;
  notices: string[];
  obstacle: string | null;
  runs: string[];
  schema: number;
  shared_executions: number;
}
/**
 * A run that depends on another one, and how.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Dependent".
 */
export interface Dependent {
  run: string;
  why: string;
}
/**
 * A parameter that a notebook offers; ``settable`` ones can be given with ``-p``.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "NotebookParameter".
 */
export interface NotebookParameter {
  cell: number;
  name: string;
  settable: boolean;
  source: 'declared' | 'injected' | 'literal' | 'model' | 'tagged';
  type: string;
  value: unknown;
}
/**
 * A reproduction under way or ended; ``id`` is the id of the run it makes.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Reproduction".
 */
export interface Reproduction {
  id: string;
  message: string | null;
  progress: Progress | null;
  run: string;
  schema: number;
  started: string;
  state: 'cancelled' | 'done' | 'failed' | 'lost' | 'running';
  user: string;
  verdict: Verdict | null;
}
/**
 * How far a batch execution is: ``done`` of ``total`` code cells, now in ``cell``.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Progress".
 */
export interface Progress {
  cell: number | null;
  done: number;
  total: number;
}
/**
 * What ``reproduce RUN --json`` prints.
 *
 *     ``kept`` names the parameters that the notebook as it is now was given because the run was;
 *     ``not_judged`` the metrics and data that the repetition says nothing of, a line for each
 *     reason. Where what diverges first has no place in the notebook, since a console sent it,
 *     ``first_diverging_console`` has its source.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Verdict".
 */
export interface Verdict {
  causes: Cause[];
  cells: CellJudgement[];
  first_diverging_cell: number | null;
  first_diverging_console: string | null;
  kept: string[];
  not_judged: string[];
  randomness: 'fresh' | 'none used' | 'restored';
  reproduction: string | null;
  run: string;
  schema: number;
  sentence: string;
  unseeded_cells: number[];
  unverifiable: number;
  verdict: 'could not run' | 'differs' | 'identical' | 'within tolerance';
}
/**
 * Why two runs differ.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Cause".
 */
export interface Cause {
  after: string | null;
  before: string | null;
  cell: number | null;
  detail: string;
  kind:
    | 'code'
    | 'data'
    | 'environment'
    | 'hardware'
    | 'hidden state'
    | 'order'
    | 'parameter'
    | 'seed'
    | 'unknown';
  what: string;
}
/**
 * The verdict of one cell, and of each of its outputs in order.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "CellJudgement".
 */
export interface CellJudgement {
  cell: number | null;
  outputs: OutputJudgement[];
  verdict:
    | 'differs'
    | 'extra'
    | 'identical'
    | 'missing'
    | 'unverifiable'
    | 'within tolerance';
}
/**
 * How one output of a reproduction compares with the recorded one.
 *
 *     ``difference`` is the largest relative difference of numbers, or the share of
 *     pixels changed of an image; ``None`` where neither applies. ``what`` names the metric,
 *     frame, file or model that was judged, and is empty for what a cell displayed.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "OutputJudgement".
 */
export interface OutputJudgement {
  difference: number | null;
  kind:
    | 'error'
    | 'figure'
    | 'html'
    | 'image'
    | 'model'
    | 'number'
    | 'table'
    | 'text';
  masks: string[];
  verdict:
    | 'differs'
    | 'extra'
    | 'identical'
    | 'missing'
    | 'unverifiable'
    | 'within tolerance';
  what: string;
}
/**
 * A set of results with one common lineage: the whole record.
 *
 *     ``started`` and ``duration_s`` of an interactive run are those of the cells executed for
 *     it; what it rests on may have been executed for an earlier one. ``error`` is the last
 *     failure that was not mended, ``verdict`` that on a reproduction, ``kept`` has the data files
 *     of which the store holds a copy. A run that people stopped is *interrupted*, and ``cancelled``.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Run".
 */
export interface Run {
  cancelled: boolean;
  cells: CellExecution[];
  data: DataUse[];
  duration_s: number | null;
  environment: Environment | null;
  error: RunError | null;
  executing: Executing | null;
  id: string;
  kept: Artifact[];
  metrics: Metric[];
  models: ModelFit[];
  notebook: string | null;
  notebook_digest: string | null;
  notices: string[];
  parameters: Parameter[];
  parent: string | null;
  randomness: RandomUse[];
  schema: number;
  session: string;
  started: string;
  status: 'completed' | 'failed' | 'interrupted' | 'lost' | 'running';
  surroundings: Surroundings | null;
  sweep: string | null;
  trigger: 'interactive' | 'reproduce' | 'run' | 'sweep';
  unseen: Unseen[];
  user: string;
  verdict:
    ('could not run' | 'differs' | 'identical' | 'within tolerance') | null;
}
/**
 * A file, frame, array, database or URL that a cell read, wrote, made or imported.
 *
 *     ``digest`` is ``None`` where the content could not be fingerprinted; the run's
 *     ``unseen`` then says why. A file with access ``import`` is a module of the user's own.
 *     ``digests`` are further ones of the same whole content, by other algorithms. Of a frame with
 *     very many columns only the first, or none, are listed: ``column_count`` then says how many
 *     there are. ``form`` says what a frame or array is that is no pandas or numpy object, and
 *     what a list, tuple or dictionary of them holds: its ``columns`` are then the parts of it.
 *     That an ``inferred`` one was this cell's nobody said: it was opened, or changed, by
 *     another program or outside Python while the cell ran. ``kept`` is the blob that has the text
 *     of a module of the user's own, redacted as a cell's source is; ``statement`` what was sent to
 *     a database, without the values that were bound to it.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "DataUse".
 */
export interface DataUse {
  access: 'import' | 'made' | 'read' | 'write';
  cell: number | null;
  column_count: number | null;
  columns: Column[];
  complete: boolean;
  digest: string | null;
  digests: string[];
  form: string | null;
  inferred: boolean;
  inherited: boolean;
  kept: string | null;
  kind: 'array' | 'database' | 'file' | 'frame' | 'url';
  name: string | null;
  path: string | null;
  rows: number | null;
  size_bytes: number | null;
  statement: string | null;
}
/**
 * One column of a frame with the digest of all its values.
 *
 *     The digest does not depend on the name. With ``complete=False`` it compares as unknown.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Column".
 */
export interface Column {
  complete: boolean;
  digest: string;
  dtype: string;
  name: string;
}
/**
 * Python, platform and every installed distribution with its version.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Environment".
 */
export interface Environment {
  digest: string;
  packages: {
    [k: string]: string;
  };
  platform: string;
  python: string;
}
/**
 * In which cell a run failed, and with what exception.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "RunError".
 */
export interface RunError {
  cell: number | null;
  message: string;
  traceback: string;
  type: string;
}
/**
 * A cell execution under way, of a run that its result may join or of the draft.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Executing".
 */
export interface Executing {
  cell: number | null;
  id: string | null;
  started: string;
}
/**
 * A named number that a run produced; ``value`` is a string only if not finite.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Metric".
 */
export interface Metric {
  cell: number | null;
  inherited: boolean;
  name: string;
  source: 'call' | 'history' | 'logged' | 'output' | 'variable';
  step: number | null;
  value: number | string;
}
/**
 * A model that a cell fitted; ``class_`` is spelled ``class`` in JSON.
 *
 *     ``parameters`` are the arguments of its constructor, those of estimators inside it as
 *     ``outer__inner``; ``digest`` is that of its state when the cell ended.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "ModelFit".
 */
export interface ModelFit {
  cell: number | null;
  class: string;
  data: FittedOn[];
  digest: string | null;
  inherited: boolean;
  name: string;
  parameters: {
    [k: string]: unknown;
  };
}
/**
 * Data that a model was fitted on, by its text in the call; the digest only if complete.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "FittedOn".
 */
export interface FittedOn {
  complete: boolean;
  digest: string | null;
  kind: 'array' | 'database' | 'file' | 'frame' | 'url';
  name: string;
  shape: number[] | null;
}
/**
 * A named, typed input of a run.
 *
 *     ``value`` is JSON; a redacted one is ``{"redacted": "hmac-sha256:…"}``.
 *     ``type`` is the Python type's name.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Parameter".
 */
export interface Parameter {
  cell: number | null;
  inherited: boolean;
  name: string;
  source: 'declared' | 'injected' | 'literal' | 'model' | 'tagged';
  type: string;
  value: unknown;
}
/**
 * A cell that moved a random generator: digests of its state around the cell.
 *
 *     ``seeded`` tells whether the cell seeded it before using it; one under a ``name`` of the
 *     notebook's own, whether it was made with a seed.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "RandomUse".
 */
export interface RandomUse {
  after: string | null;
  before: string | null;
  cell: number | null;
  generator: string;
  name: string | null;
  seeded: boolean;
}
/**
 * What else can change a result, beside Python and the installed distributions.
 *
 *     Attributes
 *     ----------
 *     interpreter
 *         Implementation, version, and whether it is that of a virtual environment.
 *     system, machine, cpu
 *         The operating system with its version, the architecture, and the processor's model.
 *     cpus
 *         How many processors the kernel may use.
 *     memory_bytes
 *         How much memory it may use.
 *     libraries
 *         Loaded libraries for linear algebra and threads, with their threads where these are known.
 *     gpus, driver
 *         NVIDIA's, as its driver lists them.
 *     locale, timezone
 *         Of the process.
 *     variables
 *         Those of the environment, of a fixed list, that are known to change results.
 *     imported
 *         Distributions of which something was imported by then.
 *     outdated
 *         Distributions that were replaced while they were loaded, with the version that still is.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Surroundings".
 */
export interface Surroundings {
  cpu: string | null;
  cpus: number | null;
  driver: string | null;
  gpus: string[];
  imported: string[];
  interpreter: string;
  libraries: string[];
  locale: string | null;
  machine: string;
  memory_bytes: number | null;
  outdated: {
    [k: string]: string;
  } | null;
  repository: Repository | null;
  system: string;
  timezone: string | null;
  variables: {
    [k: string]: string;
  } | null;
}
/**
 * The git repository of the folder in which a notebook works, as its files tell it.
 *
 *     ``branch`` is ``None`` where no branch is checked out. ``changed`` tells whether tracked files
 *     differ from the commit; ``None`` where that could not be found out without running git.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Repository".
 */
export interface Repository {
  branch: string | null;
  changed: boolean | null;
  commit: string | null;
}
/**
 * Something that capture could not see in a cell, and why.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Unseen".
 */
export interface Unseen {
  cell: number | null;
  what: string;
  why: string;
}
/**
 * What ``runs --json`` prints; ``next`` is the token of the following page.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "RunPage".
 */
export interface RunPage {
  draft: Draft | null;
  next: string | null;
  runs: RunSummary[];
  schema: number;
}
/**
 * A change in an open interactive session that has produced no result yet.
 *
 *     ``executing`` is under way, and rests on the change: it can no longer join the open run.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Draft".
 */
export interface Draft {
  cells: CellExecution[];
  executing: Executing | null;
  notebook: string | null;
  parameters: {
    [k: string]: unknown;
  };
  session: string;
}
/**
 * A run as one row; a name used in several cells is ``name@cell`` for all but the last.
 *
 *     ``verdict`` is that on a reproduction, which ``parent`` names the original of.
 *     ``disorder`` counts the cells that are not in order, by what they are instead.
 *     ``inferred`` names those of ``metrics`` that were only printed beside a name: they can be
 *     looked for, and have no column of their own.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "RunSummary".
 */
export interface RunSummary {
  cancelled: boolean;
  disorder: {
    [k: string]: number;
  };
  duration_s: number | null;
  error: RunError | null;
  executing: Executing | null;
  id: string;
  inferred: string[];
  metrics: {
    [k: string]: number | string;
  };
  notebook: string | null;
  parameters: {
    [k: string]: unknown;
  };
  parent: string | null;
  started: string;
  status: 'completed' | 'failed' | 'interrupted' | 'lost' | 'running';
  trigger: 'interactive' | 'reproduce' | 'run' | 'sweep';
  user: string;
  verdict:
    ('could not run' | 'differs' | 'identical' | 'within tolerance') | null;
}
/**
 * What the server part says of itself.
 *
 *     ``problems`` are sentences, each with its way out; ``unsynced`` counts the journals
 *     that hold lines the store has not taken in. ``root`` is the folder that the server shows,
 *     as it stands at the head of the paths of its notebooks' runs; ``None`` if its files are
 *     not local ones. ``kernels`` has those that have executed something.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "Status".
 */
export interface Status {
  capture: boolean;
  capture_reason: string;
  home: string;
  kernels: KernelCapture[];
  problems: string[];
  root: string | null;
  schema: number;
  sequence: number;
  unsynced: number;
  version: string;
}
/**
 * Whether a running kernel writes down what it executes; ``reason`` is why it does not.
 *
 *     With ``fault`` it should, and can't; without, that is how it is meant.
 *
 * This interface was referenced by `Documents`'s JSON-Schema
 * via the `definition` "KernelCapture".
 */
export interface KernelCapture {
  fault: boolean;
  kernel: string;
  reason: string | null;
  recording: boolean;
}
