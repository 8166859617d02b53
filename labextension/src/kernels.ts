import type { ServiceManager } from '@jupyterlab/services';

/** The kernels that this server runs, also those of documents that are not open here. */
export class Kernels {
  constructor(
    private _services: Pick<ServiceManager.IManager, 'kernels' | 'sessions'>
  ) {}

  /** What is connected with a kernel, by path or name; null if this server does not run it. */
  async usersOf(kernel: string): Promise<string[] | null> {
    const { kernels, sessions } = this._services;
    if (!(await kernels.findById(kernel))) {
      return null;
    }
    await sessions.refreshRunning();
    return Array.from(sessions.running())
      .filter(session => session.kernel?.id === kernel)
      .map(({ type, path, name }) =>
        type === 'notebook' ? path : name || path
      );
  }

  /** Shut one down; what it held is lost. */
  async shutDown(kernel: string): Promise<void> {
    await this._services.kernels.shutdown(kernel);
  }
}
