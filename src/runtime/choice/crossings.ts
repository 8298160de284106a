import type { Crossing, Limits } from './choose.ts';

/** Written by `npm run bench:device -- --write` from docs/devices.json: where `--device auto` leaves the processor. */
export const CROSSINGS: readonly Crossing[] = [
  {
    device: 'webgpu',
    hardware: 'Vulkan by vk_swiftshader_icd.json',
    processor: 'Intel(R) Xeon(R) Processor',
    training: null,
    scoring: { '256': null, '1024': null },
    images: null,
  },
];

/** An assumption for CUDA on a GPU that nobody has measured: what takes the processor 5 ms or more (Intel(R) Xeon(R) Processor, steps of 256 rows). */
export const UNMEASURED: Limits = { training: 256, scoring: { '256': 4096, '1024': 256 }, images: 32 };
