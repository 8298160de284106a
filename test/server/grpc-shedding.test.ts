import { constants } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import { createCrowd } from '../../src/server/grpc/crowd.ts';
import { createShedding, LOW_SHARE } from '../../src/server/grpc/shedding.ts';
import { createTurnClock } from '../../src/server/grpc/turn-clock.ts';
import { SILENT } from '../support/serve-fixture.ts';

function createHandClock() {
  let nowMs = 0;
  return {
    now: () => nowMs,
    pass: (ms: number): void => {
      nowMs += ms;
    },
  };
}

/** A crowd that has answered so many calls one after the other, each in `eachMs`. */
function experienced({ calls, eachMs }: { calls: number; eachMs: number }) {
  const clock = createHandClock();
  const crowd = createCrowd(clock.now);
  for (let call = 0; call < calls; call++) {
    const ticket = crowd.enter();
    ticket.begin();
    clock.pass(eachMs);
    ticket.leave(true);
    crowd.turn(eachMs, false);
  }
  return { clock, crowd };
}

const NOBODY_WAITS = { expectMs: () => 0 };

describe('the crowd', () => {
  it('expects a call to be answered after those before it, at what each has taken', () => {
    const { crowd } = experienced({ calls: 2000, eachMs: 1 });
    expect(crowd.expectMs()).toBe(0);
    for (let call = 0; call < 10; call++) crowd.enter().begin();
    expect(crowd.expectMs()).toBeCloseTo(10, 1);
  });

  it('counts a call whose message is being read, but not for long: a slow sender holds up nobody', () => {
    const { clock, crowd } = experienced({ calls: 2000, eachMs: 1 });
    const slow = crowd.enter();
    expect(crowd.expectMs()).toBeCloseTo(1, 1);
    clock.pass(250);
    expect(crowd.expectMs()).toBe(0);
    slow.begin();
    expect(crowd.expectMs()).toBeCloseTo(1, 1);
    slow.leave(true);
    slow.leave(true);
    expect(crowd.expectMs()).toBe(0);
  });

  it('learns nothing from calls that ended without their work', () => {
    const { crowd } = experienced({ calls: 2000, eachMs: 1 });
    for (let call = 0; call < 100; call++) {
      const ticket = crowd.enter();
      ticket.begin();
      ticket.leave(false);
    }
    crowd.turn(0, false);
    crowd.enter().begin();
    expect(crowd.expectMs()).toBeCloseTo(1, 1);
  });

  it('learns from refusals that they take little, so that a storm of them does not shut everybody out', () => {
    const { clock, crowd } = experienced({ calls: 2000, eachMs: 1 });
    for (let turn = 0; turn < 1000; turn++) {
      for (let call = 0; call < 16; call++) crowd.refuse();
      clock.pass(1);
      crowd.turn(1, false);
    }
    crowd.enter().begin();
    expect(crowd.expectMs()).toBeCloseTo(1, 1);
  });

  it('counts nobody who was there before the process slept: what they wait for is not this thread', () => {
    const { clock, crowd } = experienced({ calls: 2000, eachMs: 1 });
    const waiting = Array.from({ length: 100 }, () => crowd.enter());
    for (const ticket of waiting) ticket.begin();
    expect(crowd.expectMs()).toBeCloseTo(100, -1);
    clock.pass(1);
    crowd.turn(1, true);
    expect(crowd.expectMs()).toBe(0);
    crowd.enter().begin();
    for (const ticket of waiting) ticket.leave(true);
    expect(crowd.expectMs()).toBeCloseTo(1, 1);
  });

  it('counts calls whose messages are to come whether the process slept or not, but not for long', () => {
    const { clock, crowd } = experienced({ calls: 1, eachMs: 1 });
    const [first, second] = [crowd.enter(), crowd.enter()];
    crowd.enter();
    clock.pass(1);
    crowd.turn(1, true);
    expect(crowd.coming).toBe(3);
    first.begin();
    first.leave(true);
    second.leave(false);
    expect(crowd.coming).toBe(1);
    clock.pass(250);
    expect(crowd.coming).toBe(0);
  });

  it('lets in all callers of an idle process, however long one of them has been working', () => {
    const clock = createHandClock();
    const crowd = createCrowd(clock.now);
    crowd.enter().begin();
    for (let turn = 0; turn < 100; turn++) {
      clock.pass(100);
      crowd.turn(100, true);
    }
    expect(crowd.expectMs()).toBe(0);
  });

  it('forgets in a pause', () => {
    const { clock, crowd } = experienced({ calls: 2000, eachMs: 10 });
    clock.pass(20_000);
    crowd.turn(20_000, true);
    for (let call = 0; call < 100; call++) crowd.enter().begin();
    expect(crowd.expectMs()).toBeLessThan(0.01);
  });
});

describe('the turn clock', () => {
  function createTurns() {
    const clock = createHandClock();
    let idle = 1;
    let ends: (() => void)[] = [];
    const turns = createTurnClock({ monotonicMs: clock.now, idleMs: () => idle, atEnd: (end) => ends.push(end) });
    const endTurn = (): void => {
      for (const end of ends) end();
      ends = [];
    };
    const sleep = (): void => {
      idle++;
    };
    return { clock, turns, endTurn, sleep };
  }

  it('knows of no wait after sleep', () => {
    const { clock, turns, endTurn, sleep } = createTurns();
    for (let turn = 0; turn < 5; turn++) {
      expect(turns.waitedMs()).toBe(0);
      clock.pass(10);
      endTurn();
      sleep();
    }
  });

  it('counts from where the turn before began to read, where there was no sleep', () => {
    const { clock, turns, endTurn } = createTurns();
    const turn = (ms: number): number => {
      const waited = turns.waitedMs();
      clock.pass(ms);
      endTurn();
      return waited;
    };
    turn(10);
    turn(20);
    expect(turn(5)).toBe(20);
    expect(turns.waitedMs()).toBe(5);
    clock.pass(3);
    expect(turns.waitedMs()).toBe(8);
  });
});

describe('shedding', () => {
  it('lets in whoever has no deadline or finds nobody, and refuses whom the others would make late', () => {
    const clock = createHandClock();
    let ends: (() => void)[] = [];
    const shedding = createShedding(clock.now, SILENT, NOBODY_WAITS, {
      idleMs: () => 0,
      atEnd: (end) => ends.push(end),
    });
    expect(shedding.waitedMs()).toBe(0);
    expect(shedding.refusalOf(1)).toBeUndefined();
    const done = shedding.enter();
    done.begin();
    clock.pass(100);
    done.leave(true);
    for (const end of ends) end();
    ends = [];
    shedding.waitedMs();
    for (let call = 0; call < 4; call++) shedding.enter().begin();
    expect(shedding.refusalOf(Infinity)).toBeUndefined();
    expect(shedding.refusalOf(1000)).toBeUndefined();
    // Who has low priority makes room first.
    expect(shedding.refusalOf(1000, LOW_SHARE)).toMatchObject({ 'grpc-status': 8 });
    expect(shedding.refusalOf(3000, LOW_SHARE)).toBeUndefined();
    const refusal = shedding.refusalOf(100);
    expect(refusal).toMatchObject({
      [constants.HTTP2_HEADER_STATUS]: 200,
      'grpc-status': 8,
      'aristarch-code': 'RESOURCE_EXHAUSTED',
    });
    expect(decodeURI(String(refusal!['grpc-message']))).toMatch(/send again in 320 ms, or with a longer deadline$/);
    // Whose time is over is refused, too.
    expect(shedding.refusalOf(0)).toBeDefined();
    // Written once.
    expect(shedding.refusalOf(100)).toBe(refusal);
  });

  it('keeps the longest turn of late in mind, and forgets it with time and with sleep: answers leave at the end of one', () => {
    const clock = createHandClock();
    let idle = 0;
    let ends: (() => void)[] = [];
    const shedding = createShedding(clock.now, SILENT, NOBODY_WAITS, {
      idleMs: () => idle,
      atEnd: (end) => ends.push(end),
    });
    /** A turn of so many milliseconds, in which a hundred calls are answered; the shortest time with which one more is let in. */
    const turn = (ms: number): number => {
      shedding.waitedMs();
      const tickets = Array.from({ length: 100 }, () => shedding.enter());
      for (const ticket of tickets) ticket.begin();
      let leastMs = 1;
      while (shedding.refusalOf(leastMs) !== undefined) leastMs++;
      clock.pass(ms);
      for (const ticket of tickets) ticket.leave(true);
      for (const end of ends) end();
      ends = [];
      return leastMs;
    };
    for (let times = 0; times < 500; times++) turn(4);
    const usualMs = turn(4);
    turn(40);
    const afterLongMs = turn(4);
    expect(afterLongMs).toBeGreaterThanOrEqual(usualMs + 2 * (40 - 4));
    for (let times = 0; times < 1000; times++) turn(4);
    expect(turn(4)).toBeLessThanOrEqual(usualMs + 1);
    turn(40);
    idle++;
    expect(turn(4)).toBeLessThan(usualMs + 40);
  });

  it('refuses whom inferences in another thread would make late, calls that are on their way counted', () => {
    const clock = createHandClock();
    const backlog = { expectMs: (coming: number) => 10 * coming };
    const shedding = createShedding(clock.now, SILENT, backlog, { idleMs: () => 0, atEnd: () => undefined });
    expect(shedding.refusalOf(100)).toBeUndefined();
    const tickets = Array.from({ length: 6 }, () => shedding.enter());
    expect(shedding.refusalOf(100)).toMatchObject({ 'grpc-status': 8 });
    expect(shedding.refusalOf(200)).toBeUndefined();
    for (const ticket of tickets) ticket.begin();
    expect(shedding.refusalOf(100)).toBeUndefined();
  });
});
