import { parseArgs } from 'node:util';
import { FIGURES } from './device/figures.ts';
import { MEASURED, type Measured } from './device/machines.ts';
import { measureDevice, type AbsentDevice, type DeviceResult } from './device/measure.ts';
import { writePage, type DevicesResult } from './device/page.ts';

const HELP = `npm run bench:device [-- OPTIONS]

Training steps a second (a table's critic 256 and 1,024 wide; a StyleGAN of 32 and 64 pixels) and rows a second by the rows of a call, on
each device that works here, beside PyTorch: on the GPU where that finds one, else on the processor. Each device has a process of its own,
and each figure a limit: one that takes longer is given up and says so, and larger ones of its kind are not tried. A device that does not
work is named, with the reason. Takes some minutes.

  --devices D      of ${MEASURED.join(', ')}, separated by commas; all when absent. tfjs-wasm is TF.js without
                   TensorFlow's library; pytorch the same written in PyTorch
  --seconds N      for each figure, about; 3
  --limit N        the most seconds for a figure, warm-up and compiling included; 60
  --python PATH    for PyTorch; ARISTARCH_PYTHON, else python3
  --write          write docs/devices.json, docs/devices.md and docs/images/devices.svg, and what --device auto goes by,
                   src/runtime/choice/crossings.ts; devices and machines that were not measured now stay
  --json           the result as JSON on standard output

WebGPU takes the machine's Vulkan driver; VK_ICD_FILENAMES names another, such as one in software.`;

/** A positive number of an option. Throws. */
function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`--${name} is "${text}": give a number above 0`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ help: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      ...{ write: { type: 'boolean', default: false }, seconds: { type: 'string', default: '3' } },
      ...{ devices: { type: 'string', default: MEASURED.join() }, limit: { type: 'string', default: '60' } },
      python: { type: 'string', default: process.env['ARISTARCH_PYTHON'] ?? 'python3' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const wanted = values.devices.split(',');
  const unknown = wanted.filter((name) => !MEASURED.includes(name as Measured));
  if (unknown.length > 0) throw new Error(`there is no device ${unknown.join(', ')}; there are ${MEASURED.join(', ')}`);
  const options = {
    ...{ forMs: 1000 * positive('seconds', values.seconds), limitMs: 1000 * positive('limit', values.limit) },
    ...{ python: values.python, figures: FIGURES, now: () => new Date() },
  };
  const found: (DeviceResult | AbsentDevice)[] = [];
  for (const device of MEASURED.filter((each) => wanted.includes(each))) {
    found.push(await measureDevice(device, options));
    console.error(`${device}: done`);
  }
  const result: DevicesResult = {
    devices: found.filter((each): each is DeviceResult => !('reason' in each)),
    absent: found.filter((each): each is AbsentDevice => 'reason' in each),
  };
  if (values.write) await writePage(result);
  if (values.json || !values.write) console.log(JSON.stringify(result, null, 2));
}

await main();
