import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openImageFolder } from '../../../src/models/images/image-folder.ts';

let base = '';
let folder = '';
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'aristarch-folder-'));
  folder = join(base, 'images');
  await mkdir(join(folder, 'line-3'), { recursive: true });
  await mkdir(join(base, 'images-of-others'));
  await writeFile(join(folder, 'line-3', '0017.png'), 'the bytes');
  await writeFile(join(base, 'images-of-others', 'secret.png'), 'a secret');
  await symlink(join(base, 'images-of-others', 'secret.png'), join(folder, 'link.png'));
  await symlink(join(folder, 'line-3', '0017.png'), join(folder, 'latest.png'));
  await writeFile(join(folder, 'large.png'), '');
  await truncate(join(folder, 'large.png'), 64 * 2 ** 20 + 1);
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('a folder of images', () => {
  it.each(['file:line-3/0017.png', 'file:./line-3/../line-3/0017.png', 'file:latest.png'])('reads %s', (reference) => {
    expect(Buffer.from(openImageFolder(folder)(reference)).toString()).toBe('the bytes');
  });

  it.each([
    'file:../images-of-others/secret.png',
    'file:link.png',
    'file:/etc/hostname',
    'file:line-3',
    'file:',
    'file:absent.png',
  ])('does not read %s, and says no more of it than of a file that is absent', (reference) => {
    expect(() => openImageFolder(folder)(reference)).toThrow(
      `the image "${reference}" is no file in the folder of images: put it there before it is named`,
    );
  });

  it('refuses a name that is none, and a file that is too large', () => {
    expect(() => openImageFolder(folder)('file:a\0b')).toThrow('is no path');
    expect(() => openImageFolder(folder)('file:large.png')).toThrow(
      'is 67108865 bytes long; at most 67108864 are read',
    );
  });

  it('that is gone, or empty as a volume that is not mounted, is a fault that passes', async () => {
    const volume = join(base, 'volume');
    await mkdir(volume);
    await writeFile(join(volume, '1.png'), 'the bytes');
    const read = openImageFolder(volume);
    expect(Buffer.from(read('file:1.png')).toString()).toBe('the bytes');
    await rm(join(volume, '1.png'));
    expect(() => read('file:1.png')).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    await rm(volume, { recursive: true });
    expect(() => read('file:1.png')).toThrow('the folder of images cannot be read at present (ENOENT)');
  });

  it('has to exist', () => {
    expect(() => openImageFolder(join(base, 'absent'))).toThrow(/--image-folder .* cannot be read/);
    expect(() => openImageFolder(join(folder, 'large.png'))).toThrow('is no folder: give one');
  });
});
