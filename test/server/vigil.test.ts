import { describe, expect, it } from '@jest/globals';
import { createVigil } from '../../src/server/grpc/vigil.ts';

/** A vigil by a clock that tests turn, and turns of the event loop that they let happen. */
function createNight(mostMs = 1) {
  let nowMs = 100;
  let due: (() => void)[] = [];
  const vigil = createVigil({ mostMs, monotonicMs: () => nowMs, later: (work) => due.push(work) });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return {
    vigil,
    pass,
    isAwake: () => due.length > 0,
    /** Some empty turns of the event loop, each of so many milliseconds, as long as it does not sleep. */
    turn: (turns: number, ms: number): void => {
      for (let turn = 0; turn < turns && due.length > 0; turn++) {
        pass(ms);
        const works = due;
        due = [];
        for (const work of works) work();
      }
    },
    /** Calls one after the other, each answered and followed by the next one after so many milliseconds. */
    callInTurn: (calls: number, ms: number): void => {
      for (let call = 0; call < calls; call++) {
        pass(ms);
        vigil.enter();
        pass(ms);
        vigil.leave();
      }
    },
  };
}

describe('the vigil', () => {
  it('waits awake for the next of calls that follow each other, and no longer than that one took lately', () => {
    const night = createNight();
    night.callInTurn(3, 0.5);
    expect(night.isAwake()).toBe(false);
    night.callInTurn(3, 0.5);
    expect(night.isAwake()).toBe(true);
    night.turn(99, 0.01);
    expect(night.isAwake()).toBe(true);
    night.turn(2, 0.01);
    expect(night.isAwake()).toBe(false);
    // It has failed to come: that is not tried again for the next one.
    night.callInTurn(1, 0.5);
    expect(night.isAwake()).toBe(false);
  });

  it.each([
    ['calls that come seldom', 5, 0],
    ['calls that others are made beside', 0.5, 1],
  ])('sleeps between %s', (_, everyMs, others) => {
    const night = createNight();
    for (let other = 0; other < others; other++) night.vigil.enter();
    night.callInTurn(50, everyMs);
    expect(night.isAwake()).toBe(false);
  });

  it('sleeps where it is told to', () => {
    const night = createNight(0);
    night.callInTurn(50, 0.1);
    expect(night.isAwake()).toBe(false);
    expect(night.vigil.idleMs()).toBe(0);
  });

  it('counts turns in vain as idleness, and work as none', () => {
    const night = createNight();
    night.callInTurn(6, 0.5);
    // In the first one there was a call.
    night.turn(11, 0.01);
    expect(night.vigil.idleMs()).toBeCloseTo(0.1, 6);
    // The event loop was busy with something else.
    night.turn(1, 0.4);
    expect(night.vigil.idleMs()).toBeCloseTo(0.1, 6);
    night.callInTurn(1, 0.1);
    night.turn(1, 0.01);
    expect(night.vigil.idleMs()).toBeCloseTo(0.1, 6);
  });
});
