import { Containers, type ContainerSnapshot, System } from "@sockerless/engine"
import { json } from "@sockerless/http-bridge"
import { Effect } from "effect"
import type { ApiBridge, ApiCall } from "../api-route.ts"
import { truthy } from "../query.ts"
import { mountsJson, networkSettingsJson } from "./network-settings.ts"

const stateJson = ({ state }: ContainerSnapshot) => ({
  Status: state.status,
  Running: state.status === "running" || state.status === "paused" || state.status === "restarting",
  Paused: state.status === "paused",
  Restarting: state.status === "restarting",
  OOMKilled: state.oomKilled,
  Dead: state.status === "dead",
  Pid: state.pid,
  ExitCode: state.exitCode,
  Error: state.error,
  StartedAt: state.startedAt,
  FinishedAt: state.finishedAt,
  ...(state.health === undefined
    ? {}
    : {
        Health: {
          Status: state.health.status,
          FailingStreak: state.health.failingStreak,
          Log: state.health.log.map((probe) => ({
            Start: probe.start,
            End: probe.end,
            ExitCode: probe.exitCode,
            Output: probe.output
          }))
        }
      })
})

const healthcheckJson = (check: NonNullable<ContainerSnapshot["spec"]["healthcheck"]>) => ({
  ...(check.test.length === 0 ? {} : { Test: check.test }),
  ...(check.intervalNanos === 0 ? {} : { Interval: check.intervalNanos }),
  ...(check.timeoutNanos === 0 ? {} : { Timeout: check.timeoutNanos }),
  ...(check.startPeriodNanos === 0 ? {} : { StartPeriod: check.startPeriodNanos }),
  ...(check.startIntervalNanos === 0 ? {} : { StartInterval: check.startIntervalNanos }),
  ...(check.retries === 0 ? {} : { Retries: check.retries })
})

const asSet = (items: ReadonlyArray<string>) => Object.fromEntries(items.map((item) => [item, {}]))

/** `Config`: what was asked, with what the image added since. */
export const configJson = ({ spec, echo }: ContainerSnapshot) => ({
  ...echo.config,
  Hostname: spec.hostname,
  Domainname: spec.domainname,
  User: spec.process.user,
  ...(spec.network.exposedPorts.length === 0 ? {} : { ExposedPorts: asSet(spec.network.exposedPorts) }),
  Env: spec.process.env,
  ...(spec.healthcheck === undefined || echo.config["Healthcheck"] !== undefined
    ? {}
    : { Healthcheck: healthcheckJson(spec.healthcheck) }),
  WorkingDir: spec.process.workingDir,
  Labels: spec.labels,
  ...(echo.config["StopSignal"] === undefined && (spec.stopSignal === "" || spec.stopSignal === "SIGTERM")
    ? {}
    : { StopSignal: spec.stopSignal })
})

/** The whole of `docker inspect` for one container, as the asked version shows it. */
export const inspectJson = (snapshot: ContainerSnapshot, storageDriver: string, minor: number): object => {
  const { spec } = snapshot
  return {
    Id: spec.id,
    Created: snapshot.createdAt,
    Path: spec.process.argv[0] ?? "",
    Args: spec.process.argv.slice(1),
    State: stateJson(snapshot),
    Image: spec.image.id,
    ResolvConfPath: "",
    HostnamePath: "",
    HostsPath: "",
    LogPath: snapshot.logPath,
    Name: `/${spec.name}`,
    RestartCount: snapshot.restartCount,
    Driver: storageDriver,
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: snapshot.execIds.length === 0 ? null : snapshot.execIds,
    HostConfig: snapshot.echo.hostConfig,
    GraphDriver: { Data: null, Name: storageDriver },
    Mounts: mountsJson(snapshot),
    Config: configJson(snapshot),
    NetworkSettings: networkSettingsJson(snapshot, minor)
  }
}

/** `GET /containers/{id}/json`. */
export const inspectRoute = (bridge: ApiBridge): void => {
  // The storage driver of a backend does not change while the daemon lives.
  const drivers = new Map<string, string>()
  const driverOf = Effect.fnUntraced(function* (runtime: string) {
    const known = drivers.get(runtime)
    if (known !== undefined) return known
    const driver = (yield* (yield* System).facts).backends.get(runtime)?.storageDriver ?? ""
    drivers.set(runtime, driver)
    return driver
  })
  const inspect = Effect.fnUntraced(function* (call: ApiCall) {
    const containers = yield* Containers
    const snapshot = yield* containers.inspect(call.param("id"))
    const body = inspectJson(snapshot, yield* driverOf(snapshot.spec.runtime), call.facts.minor)
    if (!truthy(call.query, "size")) return json(body)
    const size = yield* containers.size(snapshot.spec.id)
    return json({ ...body, SizeRw: size.rwBytes, SizeRootFs: size.rootBytes })
  })
  bridge.route("GET", "/containers/:id/json", inspect, "stop")
}
