import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { ROWS_INPUT } from '../../models/scoring-graph.ts';
import type { Executor, NamedArrays, Session } from '../../runtime/executor.ts';
import { CANNOT_START, type InferenceThread } from '../../runtime/thread/inference-thread.ts';
import type { RemoteSession } from '../../runtime/thread/remote-session.ts';
import { type InferenceCost, inlineRowsFor, measureCost, worthMsOf } from './costs.ts';
import { withSingleRow } from './single-row.ts';
import { inPairs } from './in-pairs.ts';
import { describePlace, type Inference, type InferenceMode } from './inference.ts';

export interface CriticParts {
  readonly name: string;
  readonly executor: Executor;
  readonly inference: Inference;
  /** Threads inside one operation. */
  readonly threads: number;
  readonly rowWidth: number;
  /** Of a model of which a row that comes alone may be computed apart (single-row.ts). */
  readonly trialRows: (() => Iterable<Float32Array>) | undefined;
  /** Bytes of the model's file, checked. */
  readonly read: () => Promise<Uint8Array>;
}

/** A critic where it is to be computed. */
export interface Critic {
  readonly session: Session;
  /** Most rows of one inference that the calling thread computes; Infinity for all. */
  readonly inlineRows: number;
  /** Opens another file of the model where large inferences are computed. */
  readonly openBeside: (read: () => Promise<Uint8Array>) => Promise<Session>;
}

/** Throws what reading and loading throw, and `INVALID_INPUT` where a thread is asked for that the device cannot be used in. */
export async function openCritic(parts: CriticParts): Promise<Critic> {
  const { name, inference, rowWidth, read, trialRows } = parts;
  const { critic, why } = await OPENERS[inference.mode]({ ...parts, onnx: await read() });
  inference.tell(`inference of model "${name}": ${describePlace(critic.inlineRows)} (${why})`);
  const session = inPairs(critic.session);
  const { rowPrograms } = inference;
  if (rowPrograms === undefined || trialRows === undefined) return { ...critic, session };
  const tell = (outcome: string): void => inference.tell(`inference of model "${name}": ${outcome}`);
  return { ...critic, session: withSingleRow(session, { rowPrograms, read, rowWidth, trialRows, tell }) };
}

interface ReadParts extends CriticParts {
  /** The model's file: what serves may have gone from the disk, or be another model's, when it is needed again. */
  readonly onnx: Uint8Array;
}

interface Placed {
  readonly critic: Critic;
  readonly why: string;
}

const OPENERS: { readonly [M in InferenceMode]: (parts: ReadParts) => Promise<Placed> } = {
  inline: (parts) => openInline(parts, 'as asked for'),
  worker: async (parts) => {
    const { onnx, threads } = parts;
    const thread = usableThread(parts);
    if ('absent' in thread) throw noThread(thread.absent);
    const session = keptIn(thread, onnx, threads);
    await session.load();
    return { critic: { session, inlineRows: 0, openBeside: besideIn(thread, threads) }, why: 'as asked for' };
  },
  auto: async (parts) => {
    const { executor, onnx, threads, inference } = parts;
    const thread = usableThread(parts);
    if ('absent' in thread) return openInline(parts, thread.absent);
    const here = await executor.load(onnx);
    const { runNow } = here;
    if (runNow === undefined) return openedInline(parts, here, 'its cost cannot be measured with this ONNX Runtime');
    const handoverMs = await thread.handoverMs().catch(toAristarchError);
    if (handoverMs instanceof AristarchError) return openedInline(parts, here, handoverMs.message);
    const worthMs = worthMsOf(handoverMs);
    const cost = measureCost((rows) => void runNow(zeros(rows, parts.rowWidth)), worthMs);
    const inlineRows = inlineRowsFor(cost, worthMs);
    const why = describeCosts(cost, handoverMs, worthMs);
    if (inlineRows === Infinity) return openedInline(parts, here, why);
    const there = keptIn(thread, onnx, threads);
    const session = splitSession({ here, there, inlineRows, tell: inference.tell });
    return { critic: { session, inlineRows, openBeside: besideIn(thread, threads) }, why };
  },
};

function usableThread({ executor: { device }, inference: { thread } }: CriticParts): Inference['thread'] {
  return device === 'cpu' ? thread : { absent: `it computes on the CPU, and this model runs on ${device}` };
}

function noThread(reason: string): AristarchError {
  const message = `--inference worker cannot be had: ${reason}; give --device cpu, or --inference auto`;
  return new AristarchError('INVALID_INPUT', message, { reason });
}

async function openInline(parts: ReadParts, why: string): Promise<Placed> {
  return openedInline(parts, await parts.executor.load(parts.onnx), why);
}

function openedInline({ executor }: CriticParts, session: Session, why: string): Placed {
  const openBeside: Critic['openBeside'] = async (read) => executor.load(await read());
  return { critic: { session, inlineRows: Infinity, openBeside }, why };
}

/** The bytes are kept for when the thread is replaced. */
function keptIn(thread: InferenceThread, onnx: Uint8Array, threads: number): RemoteSession {
  return thread.open(() => Promise.resolve(onnx), threads);
}

function besideIn(thread: InferenceThread, threads: number): Critic['openBeside'] {
  return async (read) => {
    const session = keptIn(thread, await read(), threads);
    await session.load();
    return session;
  };
}

function describeCosts({ callMs, rowMs }: InferenceCost, handoverMs: number, worthMs: number): string {
  const us = (ms: number): string => `${(1000 * ms).toFixed(1)} us`;
  return `a call costs ${us(callMs)} and each row ${us(rowMs)}, handing over ${us(handoverMs)}: worth it from ${us(worthMs)} on`;
}

const zeros = (rows: number, width: number): NamedArrays => ({
  [ROWS_INPUT]: { data: new Float32Array(rows * width), shape: [rows, width] },
});

interface SplitParts {
  readonly here: Session;
  readonly there: RemoteSession;
  readonly inlineRows: number;
  readonly tell: (message: string) => void;
}

/**
 * Small inferences here and large ones there. Where it cannot be loaded there, all are done here; but none is done here because a thread
 * was lost: what ended the thread could end the process.
 */
function splitSession({ here, there, inlineRows, tell }: SplitParts): Session {
  let couldBefore = true;
  const canHandOver = async (): Promise<boolean> => {
    try {
      await there.load();
      couldBefore = true;
    } catch (thrown) {
      const error = toAristarchError(thrown);
      if (error.code === 'UNAVAILABLE' && error.data['reason'] !== CANNOT_START) throw error;
      if (couldBefore) tell(`large inferences are done inline for now: ${error.message}`);
      couldBefore = false;
    }
    return couldBefore;
  };
  return {
    runNow: here.runNow,
    run: async (feeds) => {
      const [rows = 0] = feeds[ROWS_INPUT]!.shape;
      if (rows <= inlineRows || !(await canHandOver())) return here.run(feeds);
      return there.run(feeds);
    },
    close: async () => {
      await there.close();
      await here.close();
    },
  };
}
