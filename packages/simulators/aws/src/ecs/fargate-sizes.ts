const range = (from: number, to: number, step: number): ReadonlyArray<number> =>
  Array.from({ length: (to - from) / step + 1 }, (_, at) => from + at * step)

const GIB = 1024

/** Memory in MiB that Fargate offers for each number of CPU units (AWS: task CPU and memory). */
const sizes: ReadonlyMap<number, ReadonlyArray<number>> = new Map([
  [256, [512, GIB, 2 * GIB]],
  [512, range(GIB, 4 * GIB, GIB)],
  [1024, range(2 * GIB, 8 * GIB, GIB)],
  [2048, range(4 * GIB, 16 * GIB, GIB)],
  [4096, range(8 * GIB, 30 * GIB, GIB)],
  [8192, range(16 * GIB, 60 * GIB, 4 * GIB)],
  [16384, range(32 * GIB, 120 * GIB, 8 * GIB)]
])

const cpuUnits = (text: string): number => (/vcpu/i.test(text) ? Number.parseFloat(text) * 1024 : Number(text))
const mebibytes = (text: string): number => (/gb/i.test(text) ? Number.parseFloat(text) * GIB : Number(text))

/** Why Fargate does not take these sizes; undefined when it does. */
export const fargateRefusal = (
  cpu: string | undefined,
  memory: string | undefined,
  networkMode: string | undefined
): string | undefined => {
  if (networkMode !== "awsvpc") return "Fargate only supports network mode ‘awsvpc’."
  if (cpu === undefined || memory === undefined) return "Fargate requires that 'cpu' be defined at the task level."
  return sizes.get(cpuUnits(cpu))?.includes(mebibytes(memory)) === true
    ? undefined
    : `No Fargate configuration exists for given values: ${cpuUnits(cpu)} CPU, ${mebibytes(memory)} memory. See the Amazon ECS documentation for the valid values.`
}

/** The memory limit of a task in bytes; CPU is not limited, because a simulated second must not cost a real one. */
export const memoryBytesOf = (memory: string | undefined): number | undefined =>
  memory === undefined ? undefined : mebibytes(memory) * 1024 * 1024
