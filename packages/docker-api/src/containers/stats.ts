import { Containers, type ContainerSnapshot, type StatsSample } from "@sockerless/engine"
import { json, live } from "@sockerless/http-bridge"
import { Duration, Effect, Schedule, Stream } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { truthy, truthyOr } from "../query.ts"
import { never } from "./status-text.ts"

const cpuJson = (cpu: StatsSample["cpu"] | undefined) =>
  cpu === undefined
    ? {
        cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
        throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 }
      }
    : {
        cpu_usage: {
          total_usage: cpu.totalNanos,
          ...(cpu.perCpuNanos.length === 0 ? {} : { percpu_usage: cpu.perCpuNanos }),
          usage_in_kernelmode: cpu.kernelNanos,
          usage_in_usermode: cpu.userNanos
        },
        system_cpu_usage: cpu.systemNanos,
        online_cpus: cpu.onlineCpus,
        throttling_data: {
          periods: cpu.periods,
          throttled_periods: cpu.throttledPeriods,
          throttled_time: cpu.throttledNanos
        }
      }

const blkioEntries = (sample: StatsSample, kind: StatsSample["blkio"][number]["kind"]) =>
  sample.blkio
    .filter((entry) => entry.kind === kind)
    .map(({ major, minor, operation, value }) => ({ major, minor, op: operation, value }))

const blkioJson = (sample: StatsSample | undefined) => ({
  io_service_bytes_recursive: sample === undefined ? null : blkioEntries(sample, "service-bytes"),
  io_serviced_recursive: sample === undefined ? null : blkioEntries(sample, "serviced"),
  io_queue_recursive: sample === undefined ? null : [],
  io_service_time_recursive: sample === undefined ? null : [],
  io_wait_time_recursive: sample === undefined ? null : [],
  io_merged_recursive: sample === undefined ? null : [],
  io_time_recursive: sample === undefined ? null : [],
  sectors_recursive: sample === undefined ? null : []
})

const memoryJson = (sample: StatsSample | undefined) =>
  sample === undefined
    ? {}
    : {
        usage: sample.memory.usageBytes,
        ...(sample.memory.maxUsageBytes === 0 ? {} : { max_usage: sample.memory.maxUsageBytes }),
        stats: sample.memory.stats,
        ...(sample.memory.failures === 0 ? {} : { failcnt: sample.memory.failures }),
        limit: sample.memory.limitBytes
      }

const networksJson = (sample: StatsSample | undefined) =>
  sample === undefined || Object.keys(sample.networks).length === 0
    ? {}
    : {
        networks: Object.fromEntries(
          Object.entries(sample.networks).map(([name, network]) => [
            name,
            {
              rx_bytes: network.rxBytes,
              rx_packets: network.rxPackets,
              rx_errors: network.rxErrors,
              rx_dropped: network.rxDropped,
              tx_bytes: network.txBytes,
              tx_packets: network.txPackets,
              tx_errors: network.txErrors,
              tx_dropped: network.txDropped
            }
          ])
        )
      }

/** Docker's stats document for two samples; zeros where there is none. */
const statsJson = (
  container: ContainerSnapshot,
  sample: StatsSample | undefined,
  before: StatsSample | undefined
): object => ({
  read: sample?.readAt ?? never,
  preread: before?.readAt ?? never,
  pids_stats:
    sample === undefined
      ? {}
      : {
          current: sample.pids.current,
          ...(sample.pids.limit === undefined ? {} : { limit: sample.pids.limit })
        },
  blkio_stats: blkioJson(sample),
  num_procs: 0,
  storage_stats: {},
  cpu_stats: cpuJson(sample?.cpu),
  precpu_stats: cpuJson(before?.cpu),
  memory_stats: memoryJson(sample),
  name: `/${container.spec.name}`,
  id: container.spec.id,
  ...networksJson(sample)
})

const sampleEvery = Duration.seconds(1)

/** Samples until the container is gone; each line holds the sample before it too. */
const follow = (id: string) =>
  Stream.fromEffectSchedule(
    Effect.flatMap(Containers, (containers) => containers.stats(id)),
    Schedule.spaced(sampleEvery)
  ).pipe(
    Stream.mapAccum(
      () => undefined as StatsSample | undefined,
      (before, { container, sample }) =>
        [sample, [`${JSON.stringify(statsJson(container, sample, before))}\r\n`]] as const
    ),
    // The headers are out: a container that was removed meanwhile ends the stream.
    Stream.catch(() => Stream.empty)
  )

const stats = Effect.fnUntraced(function* (call: ApiCall) {
  const containers = yield* Containers
  const id = call.param("id")
  const first = yield* containers.stats(id)
  if (truthyOr(call.query, "stream", true)) {
    return live(Stream.provideService(follow(first.container.spec.id), Containers, containers), {
      "Content-Type": "application/json"
    })
  }
  if (truthy(call.query, "one-shot") || first.sample === undefined) {
    return json(statsJson(first.container, first.sample, undefined))
  }
  yield* Effect.sleep(sampleEvery)
  const second = yield* containers.stats(id)
  return json(statsJson(second.container, second.sample, first.sample))
})

/** `GET /containers/{id}/stats`. */
export const statsRoute = (bridge: ApiBridge): void => bridge.route("GET", "/containers/:id/stats", stats, "stop")
