import { describe, expect, it } from '@jest/globals';
import { toPage } from '../../bench/groups/page.ts';

describe('the page of consumer groups', () => {
  const backlog = { processes: 1, events: 1000, sentSeconds: 1, seconds: 2, cpuMicroseconds: 50, residentMiB: 200 };
  const results = [0, 50, 90, 100, 100, 100, 60, 60, 180, 100, 100, 100];
  const kill = { seconds: 12, rate: 100, events: 1200, killedAt: 6, resultsBySecond: results, caughtUpSeconds: 2.5 };

  it('says how fast it was before the kill, while its partitions wait, and after it, and what is missing', async () => {
    const page = await toPage({
      machine: 'a machine',
      loadBefore: 0.5,
      backlog: [
        { ...backlog, missing: 0, doubled: 0 },
        { ...backlog, processes: 3, seconds: 1, missing: 0, doubled: 0 },
      ],
      kill: { ...kill, missing: 3, doubled: 4 },
    });
    expect(page).toMatch(/before the kill +\| +3 to 6 \| +100 \|/);
    expect(page).toMatch(/a third waits +\| +7 to 8 \| +60 \|/);
    expect(page).toMatch(/what waited is done +\| +8 to 9 \| +180 \|/);
    expect(page).toMatch(/after it +\| +9 to 12 \| +100 \|/);
    expect(page).toContain('3 have no result; 4 results');
    expect(page).toContain('2.00 times as fast');
    expect(page).toMatch(/ 8 s +180 #{60}\n/);
  });
});
