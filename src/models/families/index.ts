import { AristarchError } from '../../base/errors.ts';
import type { AnyFamily } from './family.ts';
import { gan } from './gan.ts';
import { imageCritic } from './image-critic.ts';
import type { AnyImageFamily } from './image-family.ts';
import { radialgan } from './radialgan.ts';
import { stylegan } from './stylegan.ts';
import { wgan } from './wgan.ts';
import { wganGp } from './wgan-gp.ts';

/** All families of rows, by name. */
export const FAMILIES: Readonly<Record<string, AnyFamily>> = {
  [wganGp.name]: wganGp,
  [gan.name]: gan,
  [wgan.name]: wgan,
  [radialgan.name]: radialgan,
};
export const DEFAULT_FAMILY = wganGp.name;

/** All families of images, by name. */
export const IMAGE_FAMILIES: Readonly<Record<string, AnyImageFamily>> = {
  [stylegan.name]: stylegan,
  [imageCritic.name]: imageCritic,
};
/** What is trained on images, and what where no generator is wanted. */
export const DEFAULT_IMAGE_FAMILY = stylegan.name;
export const CRITIC_ONLY_FAMILY = imageCritic.name;

/** The family of a name; throws `INVALID_INPUT` with the names that there are. */
export function familyNamed(name: string): AnyFamily {
  const family = FAMILIES[name];
  if (family) return family;
  const known = Object.keys(FAMILIES).join(', ');
  throw new AristarchError('INVALID_INPUT', `there is no family ${name}; known are ${known}`, { name });
}
