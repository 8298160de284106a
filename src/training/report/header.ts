import { formatBytes, formatCount, formatDuration, formatNumber, formatShare, plural } from './format.ts';
import { html, NOTHING, type Html } from './html.ts';
import { describePace } from '../images/pace.ts';
import { nounOf, type ReportInput, type SamplingNote } from './input.ts';
import { toThreshold } from './thresholds.ts';

const CALIBRATION_METHODS = {
  split: (noun: string) => `on ${noun}s held out from training`,
  cross: (noun: string) => `by cross-conformal folds (every ${noun} was held out once), then refitted on all ${noun}s`,
} as const;

/** Characters above which a fact takes the room of two. */
const LONG = 22;

export function renderHeader(input: ReportInput): Html {
  const { meta } = input;
  const facts: [string, string | Html][] = [
    ['Family', meta.preset === undefined ? meta.family : `${meta.family}, preset ${meta.preset}`],
    [
      input.image ? 'Images' : 'Rows',
      meta.rows === meta.rowsInSource
        ? formatCount(meta.rows)
        : `${formatCount(meta.rows)} of ${formatCount(meta.rowsInSource)}`,
    ],
    input.image === undefined
      ? ['Fields', formatCount(input.features.length)]
      : ['Seen as', describeImages(input.image)],
    ['Training time', formatDuration(meta.trainingSeconds)],
    ['Peak memory', formatBytes(meta.peakBytes)],
    ...(meta.pace === undefined ? [] : [['Own critic shown', describePace(meta.pace)] satisfies [string, string]]),
    ['Device', meta.threads === undefined ? meta.device : `${meta.device}, ${plural(meta.threads, 'thread')}`],
    ['Seed', String(meta.seed)],
    ['Data', meta.sources.join(', ')],
    [
      'Made',
      html`<time datetime="${meta.createdAt}">${meta.createdAt.replace('T', ' ').replace(/\.\d+Z$/, 'Z')}</time>`,
    ],
  ];
  return html`<header>
      <p class="kicker">Training report</p>
      <h1>${meta.name} <small>version ${meta.version}</small></h1>
      <p class="lead">${sayCalibration(input)}</p>
      <dl class="facts">
        ${facts.map(
          ([name, value]) =>
            html`<div class="${typeof value === 'string' && value.length > LONG ? 'long' : ''}">
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
    </header>
    ${renderWarnings(input.warnings)}${input.sampling === undefined ? NOTHING : renderSampling(input, input.sampling)}`;
}

function describeImages({ size, channels, isMirrored }: NonNullable<ReportInput['image']>): string {
  const mirrored = isMirrored ? '; scored as the mean of an image and its mirror image' : '';
  return `${size} x ${size}, ${channels === 1 ? 'grey' : 'colour'}${mirrored}`;
}

function sayCalibration(input: ReportInput): string {
  const rate = input.falsePositiveRate;
  const count = input.calibrationScores.length;
  const { threshold } = toThreshold(input.calibrationScores, rate);
  const noun = nounOf(input);
  const method = `Calibrated ${CALIBRATION_METHODS[input.meta.calibrationMethod](noun)}: ${plural(count, 'score')}.`;
  if (threshold === undefined)
    return `${method} The false-alarm rate of ${formatShare(rate)} needs more ${noun}s than these.`;
  const perThousand = formatNumber(Math.round(rate * 1e6) / 1e3);
  return `${method} At the model’s false-alarm rate of ${formatShare(rate)}, about ${perThousand} of 1,000 normal ${noun}s will be flagged: those that score above ${formatNumber(threshold)}.`;
}

function renderWarnings(warnings: readonly string[]): Html {
  if (warnings.length === 0) return NOTHING;
  return html`<section id="warnings" class="warnings">
    <h2>Warnings</h2>
    <ul>
      ${warnings.map((warning) => html`<li>${warning}</li>`)}
    </ul>
  </section>`;
}

function renderSampling(input: ReportInput, note: SamplingNote): Html {
  const { meta } = input;
  const noun = nounOf(input);
  return html`<section id="sampling">
    <h2>Sampled data</h2>
    <p>
      The source has ${plural(meta.rowsInSource, noun)}, more than the memory budget of
      ${formatBytes(note.memoryBudgetBytes)} holds. Training used a uniform sample of ${plural(meta.rows, noun)}, drawn
      with seed ${note.seed}; the same seed draws the same ${noun}s.
    </p>
  </section>`;
}
