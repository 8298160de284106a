import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../metrics.ts';
import type { ServedName } from './open-model.ts';
import type { OpenModel } from './port.ts';

export interface RepositoryParts {
  readonly folder: string;
  /** The model of requests that name none; where it is absent and there is one model only, that one. */
  readonly defaultModel?: string | undefined;
  /** Most models that stay open. */
  readonly maxLoaded: number;
  readonly open: (folder: string, name: Required<ServedName>) => Promise<OpenModel>;
  readonly metrics: Metrics['models'];
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Told of the default model, when it is first served and whenever another version has taken its place. */
  readonly onDefault?: (model: OpenModel) => void;
  /** Callers are not told names of models that they did not name: a caller that may only score may not list them. */
  readonly hidesNames?: boolean;
}
