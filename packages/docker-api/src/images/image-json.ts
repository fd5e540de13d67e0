import type { ImageRecord } from "@sockerless/images"

const seconds = (time: string) => {
  const millis = Date.parse(time)
  return Number.isNaN(millis) ? 0 : Math.trunc(millis / 1000)
}

const labelsOf = (image: ImageRecord) => {
  const labels = image.config.labels
  return labels === undefined || Object.keys(labels).length === 0 ? null : labels
}

/** One row of `docker images`. From 1.43 an image without names has empty lists instead of `<none>`. */
export const imageSummary = (image: ImageRecord & { readonly containers: number }, minor: number): object => ({
  Containers: minor >= 51 ? image.containers : -1,
  Created: seconds(image.created),
  Id: image.id,
  Labels: labelsOf(image),
  ParentId: "",
  RepoDigests: minor < 43 && image.repoDigests.length === 0 ? ["<none>@<none>"] : image.repoDigests,
  RepoTags: minor < 43 && image.repoTags.length === 0 ? ["<none>:<none>"] : image.repoTags,
  SharedSize: -1,
  Size: image.sizeBytes,
  ...(minor < 44 ? { VirtualSize: image.sizeBytes } : {})
})

const asSet = (items: ReadonlyArray<string> | undefined) =>
  items === undefined || items.length === 0 ? null : Object.fromEntries(items.map((item) => [item, {}]))

const listOrNull = (items: ReadonlyArray<string> | undefined) =>
  items === undefined || items.length === 0 ? null : items

const healthcheckJson = (check: NonNullable<ImageRecord["config"]["healthcheck"]>) => ({
  ...(check.test.length === 0 ? {} : { Test: check.test }),
  ...(check.intervalNanos === 0 ? {} : { Interval: check.intervalNanos }),
  ...(check.timeoutNanos === 0 ? {} : { Timeout: check.timeoutNanos }),
  ...(check.startPeriodNanos === 0 ? {} : { StartPeriod: check.startPeriodNanos }),
  ...(check.startIntervalNanos === 0 ? {} : { StartInterval: check.startIntervalNanos }),
  ...(check.retries === 0 ? {} : { Retries: check.retries })
})

/** `Config` of an image in the shape of a container's, as dockerd shows it. */
export const imageConfigJson = ({ config }: ImageRecord): object => ({
  Hostname: "",
  Domainname: "",
  User: config.user ?? "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  ...(asSet(config.exposedPorts) === null ? {} : { ExposedPorts: asSet(config.exposedPorts) }),
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: listOrNull(config.env),
  Cmd: listOrNull(config.cmd),
  ...(config.healthcheck === undefined ? {} : { Healthcheck: healthcheckJson(config.healthcheck) }),
  Image: "",
  Volumes: asSet(config.volumes),
  WorkingDir: config.workingDir ?? "",
  Entrypoint: listOrNull(config.entrypoint),
  OnBuild: listOrNull(config.onBuild),
  Labels: config.labels === undefined || Object.keys(config.labels).length === 0 ? null : config.labels,
  ...(config.stopSignal === undefined || config.stopSignal === "" ? {} : { StopSignal: config.stopSignal }),
  ...(listOrNull(config.shell) === null ? {} : { Shell: config.shell })
})

/** The whole of `docker image inspect` for one image. */
export const imageInspect = (image: ImageRecord, storageDriver: string, minor: number): object => ({
  Id: image.id,
  RepoTags: image.repoTags,
  RepoDigests: image.repoDigests,
  Parent: "",
  Comment: image.comment,
  Created: image.created,
  ...(minor < 45 ? { Container: "", ContainerConfig: imageConfigJson(image) } : {}),
  DockerVersion: "",
  Author: image.author,
  Config: imageConfigJson(image),
  Architecture: image.architecture,
  ...(image.variant === undefined || image.variant === "" ? {} : { Variant: image.variant }),
  Os: image.os,
  Size: image.sizeBytes,
  ...(minor < 44 ? { VirtualSize: image.sizeBytes } : {}),
  GraphDriver: { Data: null, Name: storageDriver },
  RootFS: { Type: "layers", ...(image.diffIds.length === 0 ? {} : { Layers: image.diffIds }) },
  Metadata: { LastTagTime: image.lastTagTime }
})
