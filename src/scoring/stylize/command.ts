import { Command } from 'commander';
import { emitJson, emitText, note, runAction, type ActionContext } from '../../base/command-line.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { createProgress } from '../../base/progress.ts';
import { addOptions, givenFlags, resolveSettings } from '../../base/settings.ts';
import { processTerminal, type Terminal } from '../../base/terminal.ts';
import { drawPlanes } from '../../models/images/grid.ts';
import { checkPictureOutput } from '../picture-output.ts';
import { openStylizer, type Stylizer } from './open-stylizer.ts';
import { readPicture } from './read-picture.ts';
import type { StyleMethod } from './style-work.ts';
import { checkMethod, STYLIZE_SETTINGS, type StylizeValues } from './settings.ts';

const EXAMPLES = `
The model is one of images, trained with --stylizer: the first layers of its critic encode, and a decoder that was trained behind them makes
images of what they see. Means and deviations of each channel of the content become the style's; any style will do, in one pass. Same model,
images and settings, same file.

Images may be of any size up to 2 million pixels (--method gatys: 65,536). Where height or width are no multiple of what the encoder's layers
halve, the border is repeated at the bottom and on the right, and cut off again. EXIF orientation, alpha, 16 bits and grey as in docs/images.md;
a model of grey images makes grey ones.

Examples:
  aristarch train --data pictures/ --image-column image --critic-only --image-size 64 --stylizer --out models/pictures
  aristarch stylize --model models/pictures --content a.png --style b.jpg --out a-as-b.png
  aristarch stylize --model models/pictures --content a.png --style b.jpg --out half.png --alpha 0.5
  aristarch stylize --model models/pictures --content a.png --style b.jpg --out a-kept.png --match-colours histogram
  aristarch stylize --model models/pictures --content a.png --style b.jpg --out slow.png --method gatys --size 128 --json`;

const DEFAULTS = { alpha: 1, steps: 300, styleWeight: 100, pixelRate: 0.05 } as const;

export function createStylizeCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('stylize')
    .description('Give an image the style of another one.')
    .option('--json', 'write a summary as JSON to standard output');
  addOptions(command, STYLIZE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction(runStylize, terminal));
}

async function runStylize({ command, terminal, json }: ActionContext): Promise<void> {
  const values = resolveSettings(STYLIZE_SETTINGS, { flags: givenFlags(command), env: process.env });
  checkMethod(values);
  checkPictureOutput(values.out);
  const { device, threads } = values;
  const stylizer = await openStylizer(values.model, { device, threads, warn: (message) => note(terminal, message) });
  try {
    const summary = await stylizeFile(values, stylizer, terminal);
    if (json) emitJson(terminal, summary);
    else emitText(terminal, describeSummary(summary));
  } finally {
    await stylizer.close();
  }
}

type Summary = Awaited<ReturnType<typeof stylizeFile>>;

async function stylizeFile(values: StylizeValues, stylizer: Stylizer, terminal: Terminal) {
  const { out, matchColours, size } = values;
  const content = await readPicture('--content', values.content);
  const style = await readPicture('--style', values.style);
  const method = methodOf(values);
  // One pass is over before a bar could be read.
  const [total, quiet] = method.kind === 'gatys' ? [method.steps, false] : [1, true];
  const progress = createProgress(terminal, { label: 'stylizing', unit: 'steps', total, quiet });
  try {
    const followed = method.kind === 'gatys' ? { ...method, onSteps: (done: number) => progress.update(done) } : method;
    const { image, losses, lossesBefore, seconds } = await stylizer.stylize(content, style, {
      ...{ method: followed, matchColours, size },
    });
    await writeFileAtomic(out, drawPlanes(image));
    const { name: model, version: modelVersion, device } = stylizer.description;
    const { kind, ...rest } = method;
    return {
      ...{ model, modelVersion, device, content: values.content, style: values.style, out },
      ...{
        width: image.width,
        height: image.height,
        method: kind,
        ...rest,
        matchColours,
        losses,
        lossesBefore,
        seconds,
      },
    };
  } finally {
    progress.finish();
  }
}

function methodOf(values: StylizeValues): StyleMethod {
  const { alpha = DEFAULTS.alpha, steps = DEFAULTS.steps } = values;
  const { styleWeight = DEFAULTS.styleWeight, pixelRate: learningRate = DEFAULTS.pixelRate } = values;
  return values.method === 'adain' ? { kind: 'adain', alpha } : { kind: 'gatys', steps, styleWeight, learningRate };
}

function describeSummary({ model, out, width, height, method, losses, lossesBefore, seconds }: Summary): string {
  const show = (before: number, after: number): string =>
    `${after.toPrecision(3)}, of the content itself ${before.toPrecision(3)}`;
  return [
    `${width} x ${height} pixels stylized by ${model} (${method}, ${seconds.toPrecision(2)} s): ${out}`,
    `  style loss ${show(lossesBefore.style, losses.style)}`,
    `  content loss ${show(lossesBefore.content, losses.content)}`,
  ].join('\n');
}
