import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { openTable, type TableOptions } from '../../src/tables/table.ts';
import { useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
const PIXEL = encodePng(1, 1, 1, Uint8Array.of(7));

/** A folder of the files that are named, all of them PNG. */
async function folderOf(name: string, ...names: string[]): Promise<string> {
  await mkdir(files.path(name), { recursive: true });
  for (const each of names) await files.write(`${name}/${each}`, PIXEL);
  return files.path(name);
}

async function readAll(options: TableOptions): Promise<number> {
  const table = await files.open(options);
  let count = 0;
  for await (const { pictures } of readPictures(table, 'image')) count += pictures.length;
  return count;
}

describe('a folder of images', () => {
  it('stands for its PNG, JPEG and WebP files, and says which images of it are not read', async () => {
    const data = [await folderOf('parts', 'b.PNG', 'a.png', 'c.bmp', 'd.tiff', 'e.gif', 'f.heic', 'notes.txt')];
    await folderOf('parts/more', 'g.png');
    await folderOf('parts/texts', 'h.txt');
    const table = await files.open({ data });
    expect(table.files.map((file) => file.slice(-5))).toEqual(['a.png', 'b.PNG']);
    expect(table.leftOut).toEqual([
      `of the folder ${data[0]}, not read are c.bmp, d.tiff, e.gif and 1 more: convert them to PNG, JPEG or WebP; and images in folders of it, more: name these with --data as well`,
    ]);
  });

  it('has nothing to say of other files in it', async () => {
    const table = await files.open({ data: [await folderOf('plain', 'a.png', 'notes.txt', 'Thumbs.db')] });
    expect(table.leftOut).toEqual([]);
  });

  it.each([
    ['nothing', [], /it holds no PNG, JPEG or WebP files; give the files in it, for example ".*\*\.parquet"/],
    ['other images', ['a.gif'], /it holds no PNG, JPEG or WebP files; not read are a\.gif: convert them/],
  ])('is refused where it holds %s', async (name, names, message) => {
    await expect(openTable({ data: [await folderOf(name, ...names)] })).rejects.toThrow(message);
  });

  it('is refused where a file in it is empty, which is to be taken out', async () => {
    const data = [await folderOf('hollow', 'a.png')];
    await files.write('hollow/b.png', '');
    await expect(openTable({ data })).rejects.toThrow(/b\.png is empty \(0 bytes\): take it out/);
  });

  it('names the file that cannot be read, also where a condition leaves others out', async () => {
    const data = [await folderOf('broken', 'a.png', 'b.png', 'd.png')];
    await files.write('broken/c.png', Buffer.from(PIXEL).subarray(0, 50));
    const message = `${files.path('broken/c.png')}: the image cannot be read: it is a broken PNG`;
    await expect(readAll({ data })).rejects.toThrow(message);
    await expect(readAll({ data, where: `file NOT LIKE '%a.png'` })).rejects.toThrow(message);
    expect(await readAll({ data, where: `file NOT LIKE '%c.png'` })).toBe(3);
  });
});

describe('a column of images', () => {
  it('names the row without an image, and the condition that leaves such rows out', async () => {
    const bytes = `'${Buffer.from(PIXEL).toString('hex')}'`;
    const images = `SELECT CASE WHEN i = 2 THEN NULL ELSE unhex(${bytes}) END AS image FROM range(4) t(i)`;
    const data = [await files.writeParquet('null.parquet', images)];
    await expect(readAll({ data })).rejects.toThrow(
      `row 3 of ${data[0]} has no image: leave such rows out with --where '"image" IS NOT NULL'`,
    );
    expect(await readAll({ data, where: '"image" IS NOT NULL' })).toBe(3);
  });
});
