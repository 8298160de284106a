import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AristarchError } from '../base/errors.ts';
import { fewNames } from '../base/few-names.ts';
import { formatOf } from './formats.ts';

/** Endings of images that are not read: who has such files means them to be. */
const OTHER_IMAGES = /\.(avif|bmp|dng|gif|heic|heif|j2k|jfif|jp2|jxl|pgm|ppm|tga|tiff?)$/i;

export interface FolderOfImages {
  /** Of the images, in order. */
  readonly names: readonly string[];
  /** A sentence on images that are not among them; undefined where there are none. */
  readonly leftOut: string | undefined;
}

/** A folder stands for the images in it. Throws `INVALID_INPUT` where there are none. */
export function listImages(folder: string): FolderOfImages {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const names = files.filter((name) => formatOf(name) === 'image').sort();
  const others = files.filter((name) => OTHER_IMAGES.test(name)).sort();
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const deeper = folders.filter((name) => readNames(join(folder, name)).some((each) => formatOf(each) === 'image'));
  const parts = [
    ...(others.length > 0 ? [`${fewNames(others)}: convert them to PNG, JPEG or WebP`] : []),
    ...(deeper.length > 0
      ? [`images in folders of it, ${fewNames(deeper.sort())}: name these with --data as well`]
      : []),
  ];
  const left = parts.length === 0 ? undefined : `not read are ${parts.join('; and ')}`;
  if (names.length > 0) return { names, leftOut: left && `of the folder ${folder}, ${left}` };
  const remedy = left ?? `give the files in it, for example "${join(folder, '*.parquet')}"`;
  const message = `${folder} is a folder: it holds no PNG, JPEG or WebP files; ${remedy}`;
  throw new AristarchError('INVALID_INPUT', message, { path: folder });
}

/** A folder that may not be read has nothing to be told of. */
function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
