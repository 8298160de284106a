import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { describeHardware, processorHardware, type Hardware } from '../../../src/runtime/hardware/hardware.ts';
import { nvidiaHardware } from '../../../src/runtime/hardware/nvidia.ts';
import { vulkanHardware } from '../../../src/runtime/hardware/vulkan.ts';
import { hardwareOf } from '../../../src/runtime/tfjs/executor.ts';
import { useDataFolder } from '../../support/data-files.ts';

const data = useDataFolder();

/** The kernel's files of GPUs of these models. */
async function writeGpus(name: string, ...models: string[]): Promise<string> {
  for (const [at, model] of models.entries()) {
    await mkdir(data.path(`${name}/gpus/0000:0${at}:00.0`), { recursive: true });
    await data.write(`${name}/gpus/0000:0${at}:00.0/information`, `Model: \t\t ${model}\nIRQ:   33\n`);
  }
  return data.path(name);
}

describe('the hardware of an engine on a GPU of NVIDIA', () => {
  it('has the name of the GPUs where they are of one model', async () => {
    const two = await writeGpus('alike', 'NVIDIA H200', 'NVIDIA H200');
    expect(nvidiaHardware({ env: {}, folder: two })).toEqual({ kind: 'gpu', name: 'NVIDIA H200', isIdentified: true });
  });

  it('is one of them where they are not, and has no name where the driver gives none', async () => {
    const mixed = await writeGpus('mixed', 'NVIDIA L4', 'NVIDIA H200');
    expect(nvidiaHardware({ env: {}, folder: mixed })).toEqual({
      ...{ kind: 'gpu', name: 'one of NVIDIA H200, NVIDIA L4', isIdentified: false },
    });
    expect(nvidiaHardware({ env: {}, folder: '/no/such/folder' })).toMatchObject({ kind: 'gpu', isIdentified: false });
  });

  it('is a slice, which no figures of the whole GPU are of, where one is chosen or the GPU is cut into such', async () => {
    const folder = await writeGpus('sliced', 'NVIDIA H200');
    const slice = { kind: 'gpu', name: 'a MIG slice of NVIDIA H200', isIdentified: false };
    const uuid = 'MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f';
    expect(nvidiaHardware({ env: { CUDA_VISIBLE_DEVICES: uuid }, folder })).toEqual(slice);
    expect(nvidiaHardware({ env: { NVIDIA_VISIBLE_DEVICES: uuid }, folder })).toEqual(slice);
    const whole = { CUDA_VISIBLE_DEVICES: '0,GPU-8932f937-d72c-4106-c12f-20bd9faed9f6', NVIDIA_VISIBLE_DEVICES: 'all' };
    // As the driver has it where MIG is off.
    await mkdir(data.path('sliced/capabilities/mig'), { recursive: true });
    await mkdir(data.path('sliced/capabilities/gpu0/mig'), { recursive: true });
    expect(nvidiaHardware({ env: whole, folder }).isIdentified).toBe(true);
    await mkdir(data.path('sliced/capabilities/gpu0/mig/gi1'));
    expect(nvidiaHardware({ env: whole, folder })).toEqual(slice);
    const unnamed = nvidiaHardware({ env: { CUDA_VISIBLE_DEVICES: uuid }, folder: '/no/such/folder' });
    expect(unnamed.name).toBe("a MIG slice of a GPU that NVIDIA's driver does not name");
  });
});

describe('the hardware of WebGPU', () => {
  const H200: Hardware = { kind: 'gpu', name: 'NVIDIA H200', isIdentified: true };

  /** With these drivers installed, by their manifests' names and libraries, and these libraries loaded. */
  async function find(drivers: Readonly<Record<string, string>>, loaded: readonly string[]): Promise<Hardware> {
    const paths = await Promise.all(
      Object.entries(drivers).map(([name, library]) =>
        data.write(name, JSON.stringify({ ICD: { library_path: library, api_version: '1.3' } })),
      ),
    );
    return vulkanHardware({ env: { VK_DRIVER_FILES: paths.join(':') }, loaded, nvidia: () => H200 });
  }
  const NVIDIA = { 'nvidia_icd.json': 'libGLX_nvidia.so.0' };
  const LAVAPIPE = { 'lvp_icd.x86_64.json': '/usr/lib/libvulkan_lvp.so' };
  const LOADED_NVIDIA = '/usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.580.65.06';

  it("is NVIDIA's GPU where its driver is the only one that was loaded", async () => {
    expect(await find({ ...NVIDIA, ...LAVAPIPE }, ['/usr/lib/libvulkan.so.1', LOADED_NVIDIA])).toEqual(H200);
  });

  it('is a processor by software that is known as such', async () => {
    const name = 'Vulkan by lvp_icd.x86_64.json';
    const loaded = ['/usr/lib/libvulkan_lvp.so'];
    expect(await find(LAVAPIPE, loaded)).toEqual({ kind: 'processor', name, isIdentified: true });
  });

  it("is a GPU without a name by another maker's driver, and unknown by one that we do not know", async () => {
    expect(await find({ 'radeon_icd.json': '/x/libvulkan_radeon.so' }, ['/x/libvulkan_radeon.so'])).toEqual({
      ...{ kind: 'gpu', name: 'Vulkan by radeon_icd.json', isIdentified: false },
    });
    expect(await find({ 'new_icd.json': './libnew.so' }, ['/y/libnew.so'])).toMatchObject({
      ...{ kind: 'unknown', isIdentified: false },
    });
  });

  it('is said to be unknown where several drivers were loaded, or none that has a manifest', async () => {
    const several = await find({ ...NVIDIA, ...LAVAPIPE }, [LOADED_NVIDIA, '/usr/lib/libvulkan_lvp.so']);
    expect(several).toMatchObject({ kind: 'unknown', isIdentified: false });
    expect(several.name).toMatch(/^Vulkan by one of lvp_icd.x86_64.json, nvidia_icd.json; .* does not say which$/);
    expect(await find(NVIDIA, [])).toEqual({
      ...{ kind: 'unknown', isIdentified: false },
      name: "an unknown adapter: ONNX Runtime's WebGPU provider names none",
    });
  });
});

describe('the hardware of TF.js', () => {
  it('is a GPU where TensorFlow says that it has taken one, and the processor else, whatever library it is', () => {
    expect(hardwareOf({ tensorflow: { version: '2.21.0', usesGpu: true } })).toMatchObject({ kind: 'gpu' });
    expect(hardwareOf({ tensorflow: { version: '2.21.0', usesGpu: false } })).toEqual(processorHardware());
    expect(hardwareOf({})).toEqual(processorHardware());
    expect(processorHardware().name).toBe(cpus()[0]?.model.trim());
  });
});

describe('hardware, for people', () => {
  it('says whether it is a GPU, where that is known', () => {
    expect(describeHardware({ kind: 'gpu', name: 'NVIDIA H200', isIdentified: true })).toBe('NVIDIA H200 (a GPU)');
    expect(describeHardware({ kind: 'unknown', name: 'an adapter', isIdentified: false })).toBe('an adapter');
  });
});
