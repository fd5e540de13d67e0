import type { CreateContainer } from "@sockerless/engine"
import { configOmitted, hostConfigOmitted, type WireCreate } from "../wire/create-request.ts"
import { omitEmpty } from "../wire/go-json.ts"

type Json = CreateContainer["echo"]["config"]

/** Plain data through JSON: what is undefined vanishes, what remains is what the store keeps. */
export const plain = (value: object): Json => JSON.parse(JSON.stringify(value))

const healthcheckOmitted: ReadonlySet<string> = new Set([
  "Test",
  "Interval",
  "Timeout",
  "StartPeriod",
  "StartInterval",
  "Retries"
])

const mountOmitted: ReadonlySet<string> = new Set([
  "Source",
  "ReadOnly",
  "Consistency",
  "BindOptions",
  "VolumeOptions",
  "TmpfsOptions",
  "ImageOptions",
  "ClusterOptions"
])

/** Docker's words for what was asked, as inspect echoes them. */
export const echoOf = ({ config, hostConfig, endpoints }: WireCreate): CreateContainer["echo"] => {
  const { Init: init, ...rest } = hostConfig
  return {
    config: plain(
      omitEmpty(
        {
          ...config,
          Healthcheck: config.Healthcheck === null ? null : omitEmpty(config.Healthcheck, healthcheckOmitted)
        },
        configOmitted
      )
    ),
    hostConfig: plain({
      ...omitEmpty(
        { ...rest, Mounts: (rest.Mounts ?? []).map((mount) => omitEmpty(mount, mountOmitted)) },
        hostConfigOmitted
      ),
      ...(init === null ? {} : { Init: init })
    }),
    networkingConfig: plain({ EndpointsConfig: endpoints })
  }
}
