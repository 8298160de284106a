import { availableParallelism, cpus } from 'node:os';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { DEVICES, type Device } from '../src/runtime/executor.ts';
import { measureDevice, measureTorch, type AbsentDevice, type DeviceResult } from './device/measure.ts';
import { writePage, type DevicesResult } from './device/page.ts';

const HELP = `npm run bench:device [-- OPTIONS]

Training steps a second (a table's critic 256 and 1,024 wide; a StyleGAN of 32 and 64 pixels) and rows a second by the rows of a call, on
each device that works here, beside PyTorch's step on the processor. A device that does not work is named, with the reason.

  --devices D      of ${DEVICES.join(', ')}, separated by commas; all when absent
  --images D       devices that train StyleGANs too, which takes minutes on a slow one; cpu
  --seconds N      for each figure, about; 4
  --python PATH    for PyTorch; ARISTARCH_PYTHON, else python3
  --write          write docs/devices.json, docs/devices.md and docs/images/devices.svg
  --json           the result as JSON on standard output`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ help: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      ...{ write: { type: 'boolean', default: false }, seconds: { type: 'string', default: '4' } },
      ...{ devices: { type: 'string', default: DEVICES.join() }, images: { type: 'string', default: 'cpu' } },
      python: { type: 'string', default: process.env['ARISTARCH_PYTHON'] ?? 'python3' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [wanted, images] = [values.devices.split(','), values.images.split(',')];
  const unknown = [...wanted, ...images].filter((name) => name !== '' && !DEVICES.includes(name as Device));
  if (unknown.length > 0) throw new Error(`there is no device ${unknown.join(', ')}; there are ${DEVICES.join(', ')}`);
  const options = { forMs: 1000 * Number(values.seconds), python: values.python };
  const found: (DeviceResult | AbsentDevice)[] = [];
  for (const device of DEVICES.filter((each) => wanted.includes(each))) {
    found.push(await measureDevice(device, { ...options, images: images.includes(device) }));
    console.error(`${device}: done`);
  }
  found.push(await measureTorch({ ...options, images: false }));
  const result: DevicesResult = {
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`,
    measuredAt: new Date().toISOString().slice(0, 10),
    vulkanDriver: basename(process.env['VK_ICD_FILENAMES'] ?? 'of the machine'),
    devices: found.filter((each): each is DeviceResult => !('reason' in each)),
    absent: found.filter((each): each is AbsentDevice => 'reason' in each),
  };
  if (values.write) await writePage(result);
  if (values.json || !values.write) console.log(JSON.stringify(result, null, 2));
}

await main();
