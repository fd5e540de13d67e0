/** One size that Fargate offers: CPU units (1024 a processor) and MiB. */
export interface FargateSize {
  readonly cpuUnits: number
  readonly memoryMebibytes: number
}

const range = (from: number, to: number, step: number): ReadonlyArray<number> =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => from + at * step)

/** Memory sizes by CPU units, smallest first (ECS developer guide, task size). */
const offered: ReadonlyArray<readonly [cpuUnits: number, memoryMebibytes: ReadonlyArray<number>]> = [
  [256, [512, 1024, 2048]],
  [512, range(1024, 4096, 1024)],
  [1024, range(2048, 8192, 1024)],
  [2048, range(4096, 16_384, 1024)],
  [4096, range(8192, 30_720, 1024)],
  [8192, range(16_384, 61_440, 4096)],
  [16_384, range(32_768, 122_880, 8192)]
]

/** The smallest size that has at least this much of both; undefined when there is none. */
export const fargateSize = (cpuUnits: number, memoryMebibytes: number): FargateSize | undefined => {
  for (const [units, memories] of offered) {
    const memory = memories.find((mebibytes) => mebibytes >= memoryMebibytes)
    if (units >= cpuUnits && memory !== undefined) return { cpuUnits: units, memoryMebibytes: memory }
  }
  return undefined
}
