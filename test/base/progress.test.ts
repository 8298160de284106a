import { describe, expect, it } from '@jest/globals';
import { createProgress, showCount, showSeconds } from '../../src/base/progress.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';

describe('progress without a terminal', () => {
  const start = (total?: number) => {
    const terminal = createListeningTerminal();
    let time = 0;
    const now = () => time;
    const options = { label: 'scoring', unit: 'rows', now, ...(total === undefined ? {} : { total }) };
    const progress = createProgress(terminal, options);
    return { terminal, progress, at: (seconds: number) => void (time = seconds * 1000) };
  };

  it('says a line now and then, and the last figures', () => {
    const { terminal, progress, at } = start(40_000);
    for (const second of [1, 2, 6, 7, 10]) {
      at(second);
      progress.update(second * 1000, 'fine');
    }
    progress.finish();
    expect(terminal.err().split('\n')).toEqual([
      'scoring: 6,000 of 40,000 rows, 1,000/s, 34s left, fine',
      'scoring: 10,000 of 40,000 rows, 1,000/s, 30s left, fine',
      '',
    ]);
    expect(terminal.out()).toBe('');
  });

  it('needs no total, and does not repeat its last line', () => {
    const { terminal, progress, at } = start();
    at(6);
    progress.update(1200);
    progress.finish();
    expect(terminal.err()).toBe('scoring: 1,200 rows, 200/s\n');
  });

  it('says nothing when it is to be quiet', () => {
    const terminal = createListeningTerminal();
    const progress = createProgress(terminal, { label: 'a', unit: 'b', quiet: true, linesEveryMs: 0 });
    progress.update(1);
    progress.log('c');
    progress.finish();
    expect(terminal.err()).toBe('');
  });
});

describe('progress on a terminal', () => {
  it('draws a bar that never hides the cursor, with lines above it cut to the width', () => {
    const terminal = createListeningTerminal({ interactive: true });
    const progress = createProgress(terminal, { label: 'training', unit: 'steps', total: 200 });
    progress.update(50, `loss 0.31 ${'x'.repeat(200)}`);
    progress.log('the learning rate was halved');
    progress.update(200);
    progress.finish();
    progress.finish();
    const shown = terminal.err();
    expect(shown).toContain('training');
    expect(shown).toContain('100% 200/200 steps');
    expect(shown).toContain('the learning rate was halved');
    expect(shown).not.toContain('x'.repeat(60));
    expect(shown).not.toContain('\u001b[?25l');
    expect(shown).not.toContain('\u001b[?7l');
  });
});

describe('figures for people', () => {
  it('are short', () => {
    expect([1234567, 12.34, 0, 250.4].map(showCount)).toEqual(['1,234,567', '12.3', '0', '250']);
    expect([0.2, 75, 7260].map(showSeconds)).toEqual(['1s', '1m15s', '2h01m']);
  });
});
