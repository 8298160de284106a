import { AristarchError } from '../../base/errors.ts';
import type { Lease, Models, OpenModel } from './port.ts';

/** The models of a process that serves one, from its start to its end. */
export function createSingleModel(model: OpenModel): Models {
  const { name, version } = model.description;
  const lease: Lease = { model, release: () => undefined };
  const fixed = (): AristarchError =>
    new AristarchError(
      'PRECONDITION_FAILED',
      `this server was started with --model and keeps "${name}" as it is: start it with --models to change models while it runs`,
      { served: [name] },
    );
  return {
    defaultName: name,
    acquire(choice) {
      checkServed('model', choice.model, name);
      checkServed('version', choice.version, version);
      return lease;
    },
    candidateOf: () => undefined,
    isDefault: () => true,
    open: () => [model],
    list: () => [
      {
        ...{ model: name, serving: version, isDefault: true, unloaded: false },
        versions: [{ version, state: 'loaded', reason: '' }],
      },
    ],
    load: () => Promise.reject(fixed()),
    unload() {
      throw fixed();
    },
    close: () => model.close(),
  };
}

function checkServed(what: 'model' | 'version', asked: string | undefined, served: string): void {
  if (asked === undefined || asked === '' || asked === served) return;
  const message = `${what} "${asked}" is not served here; this server has "${served}"`;
  throw new AristarchError('NOT_FOUND', message, { [what]: asked, served: [served] });
}
