import { oneOf, realNumber, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { AristarchError } from '../../base/errors.ts';
import { COLOUR_MATCHES, type ColourMatch } from '../../models/stylize/match-colours.ts';
import { TABLE_SETTINGS } from '../table-settings.ts';

const { model, device, threads } = TABLE_SETTINGS;
const ADAIN = 'Huang and Belongie 2017';
const GATYS = 'Gatys et al. 2015';

export const STYLIZE_SETTINGS = defineSettings({
  model,
  content: {
    schema: text(),
    flag: '--content <image>',
    help: 'PNG, JPEG or WebP whose content is kept: a path, or an http(s) or s3 address',
  },
  style: {
    schema: text(),
    flag: '--style <image>',
    help: 'PNG, JPEG or WebP whose style is taken; it need not be of the same size, nor among the training images',
  },
  out: {
    schema: text(),
    flag: '--out <file>',
    help: 'PNG to write, as large as the content; replaced if it exists',
  },
  method: {
    schema: oneOf(['adain', 'gatys']),
    default: 'adain',
    flag: '--method <name>',
    help: 'adain: one pass through encoder and decoder; gatys: the pixels themselves are optimised, the slow reference, for images of up to 256 x 256',
    source: `${ADAIN}; ${GATYS}`,
  },
  alpha: {
    schema: realNumber({ min: 0, max: 1 }).optional(),
    flag: '--alpha <share>',
    help: 'how much style: 1 all of it (when absent), 0 the content as encoder and decoder pass it on, and between',
    source: `${ADAIN}, equation 14`,
    group: 'AdaIN',
  },
  matchColours: {
    schema: oneOf(Object.keys(COLOUR_MATCHES) as [ColourMatch, ...ColourMatch[]]),
    default: 'none',
    flag: '--match-colours <how>',
    help: "give the style the content's colours first, so that the image keeps them: histogram (each colour's distribution), covariance (all colours together), or none",
    source: 'Gatys et al. 2016, Preserving Color in Neural Artistic Style Transfer',
  },
  size: {
    schema: wholeNumber({ min: 8, max: 65_536 }).optional(),
    flag: '--size <pixels>',
    help: 'shrink content and style first until their longer sides have at most so many pixels; when absent they are taken as they are',
  },
  steps: {
    schema: wholeNumber({ min: 1, max: 100_000 }).optional(),
    flag: '--steps <count>',
    help: 'updates of the pixels; 300 when absent',
    group: 'Gatys',
  },
  styleWeight: {
    schema: realNumber({ min: 0, max: 1e12 }).optional(),
    flag: '--style-weight <weight>',
    help: 'what the distance of Gram matrices counts beside that of the features; 100 when absent',
    source: `${GATYS}, equation 7; the number: docs/stylize.md`,
    group: 'Gatys',
  },
  pixelRate: {
    schema: realNumber({ min: 1e-6, max: 10 }).optional(),
    flag: '--pixel-rate <rate>',
    help: 'learning rate of Adam on pixels in -1 to 1; 0.05 when absent',
    group: 'Gatys',
  },
  device,
  threads,
});
export type StylizeValues = SettingValues<typeof STYLIZE_SETTINGS>;

/** Settings that only one method has. */
const OF_METHOD = { adain: ['alpha'], gatys: ['steps', 'styleWeight', 'pixelRate'] } as const;

/** Throws `INVALID_INPUT` for settings of the other method, which would change nothing. */
export function checkMethod(values: StylizeValues): void {
  const other = values.method === 'adain' ? 'gatys' : 'adain';
  const given = OF_METHOD[other].find((key) => values[key] !== undefined);
  if (given === undefined) return;
  const flag = STYLIZE_SETTINGS[given].flag.split(' ')[0]!;
  const message = `${flag} is of --method ${other}, and ${values.method} is used: leave it out, or give --method ${other}`;
  throw new AristarchError('INVALID_INPUT', message, { setting: given });
}
