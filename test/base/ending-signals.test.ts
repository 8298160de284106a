import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createImpatience, ENDING_SIGNALS, endAsFirstProcess } from '../../src/base/ending-signals.ts';

function createProcess(pid: number) {
  const ends: number[] = [];
  const signals = Object.assign(new EventEmitter(), { pid, exit: (status: number) => void ends.push(status) });
  endAsFirstProcess(signals);
  return { signals, ends };
}

describe('the first process of a container', () => {
  it('ends by a signal that nobody listens to, with the status that a shell gives', () => {
    const { signals, ends } = createProcess(1);
    for (const signal of ENDING_SIGNALS) signals.emit(signal);
    expect(ends).toEqual([143, 130, 129]);
  });

  it('leaves the end to a command that listens, until it does no longer', () => {
    const { signals, ends } = createProcess(1);
    const listener = (): void => undefined;
    signals.on('SIGTERM', listener);
    signals.emit('SIGTERM');
    expect(ends).toEqual([]);
    signals.off('SIGTERM', listener);
    signals.emit('SIGTERM');
    expect(ends).toEqual([143]);
  });
});

it('another process is ended by the system, which a listener would keep from it', () => {
  const { signals } = createProcess(2);
  expect(ENDING_SIGNALS.map((signal) => signals.listenerCount(signal))).toEqual([0, 0, 0]);
});

describe('impatience', () => {
  it.each([
    [['SIGTERM', 'SIGINT'], 1],
    [['SIGINT', 'SIGHUP', 'SIGINT'], 2],
    [['SIGHUP', 'SIGHUP', 'SIGTERM', 'SIGHUP'], undefined],
    [['SIGHUP', 'SIGTERM', 'SIGTERM'], 2],
  ])('of %j begins with %s: a terminal that is closed is not impatient, and who asks twice is', (signals, first) => {
    const found = signals.map(createImpatience()).indexOf(true);
    expect(found).toBe(first ?? -1);
  });
});
