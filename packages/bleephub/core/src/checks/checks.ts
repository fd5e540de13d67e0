import type { Account } from "../accounts/rows.ts"
import { emit } from "../events/emit.ts"
import { notFound, unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import type { Repository } from "../repositories/rows.ts"
import type { CheckRun, CheckSuite, CommitStatus } from "./rows.ts"

/** What counts of a commit: the latest status of each context and the latest run of each name. */
export interface Checks {
  readonly statuses: ReadonlyArray<CommitStatus>
  readonly runs: ReadonlyArray<CheckRun>
}

const latest = <R>(rows: ReadonlyArray<R>, key: (row: R) => string): ReadonlyArray<R> => {
  const kept = new Map<string, R>()
  for (const row of rows) kept.set(key(row), row)
  return [...kept.values()]
}

/** The statuses and runs that count of a commit. */
export const checksOf = (hub: Hub, repository: Repository, sha: string): Checks => ({
  statuses: latest(hub.tables.statuses.where("commit", `${repository.id} ${sha}`), (row) => row.context),
  runs: latest(hub.tables.checkRuns.where("commit", `${repository.id} ${sha}`), (row) => `${row.suiteId} ${row.name}`)
})

const GOOD = new Set(["success", "neutral", "skipped"])

/** Whether one check is good, bad, or not known yet. */
const verdictOf = (one: CheckRun | CommitStatus): "good" | "bad" | "open" => {
  if ("context" in one) return one.state === "success" ? "good" : one.state === "pending" ? "open" : "bad"
  if (one.status !== "completed") return "open"
  return GOOD.has(one.conclusion ?? "") ? "good" : "bad"
}

/** What all of it adds up to, as GraphQL says it. */
export const rollupState = (checks: Checks): "FAILURE" | "PENDING" | "SUCCESS" => {
  const verdicts = new Set([...checks.statuses, ...checks.runs].map(verdictOf))
  if (verdicts.has("bad")) return "FAILURE"
  return verdicts.has("open") ? "PENDING" : "SUCCESS"
}

/** What the statuses alone add up to, as REST says it. */
export const combinedState = (statuses: ReadonlyArray<CommitStatus>): "failure" | "pending" | "success" => {
  const verdicts = new Set(statuses.map(verdictOf))
  if (verdicts.has("bad")) return "failure"
  return verdicts.size === 0 || verdicts.has("open") ? "pending" : "success"
}

/** Whether a context or run of this name is good on a commit. */
export const isGreen = (hub: Hub, repository: Repository, sha: string, name: string): boolean => {
  const { statuses, runs } = checksOf(hub, repository, sha)
  const named = [...statuses.filter((one) => one.context === name), ...runs.filter((one) => one.name === name)]
  return named.length > 0 && named.every((one) => verdictOf(one) === "good")
}

const STATUS_LIMIT = 1000

export type NewStatus = Pick<CommitStatus, "state" | "context" | "description" | "targetUrl">

/** Says something of a commit. Part of a change. */
export const createStatus = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  sha: string,
  input: NewStatus
): CommitStatus => {
  if (hub.tables.statuses.count("commit", `${repository.id} ${sha}`) >= STATUS_LIMIT) {
    throw unprocessable("Validation Failed", "This SHA and context has reached the maximum number of statuses.")
  }
  const now = hub.now()
  const status = hub.tables.statuses.insert({
    ...input,
    repositoryId: repository.id,
    sha,
    creatorId: actor.id,
    createdAt: now,
    updatedAt: now
  })
  emit(hub, { event: "status", actor, repository, detail: { statusId: status.id, sha } })
  return status
}

/** The suite of an account on a commit, made when there is none. Part of a change. */
export const ensureSuite = (hub: Hub, actor: Account, repository: Repository, sha: string): CheckSuite => {
  const known = hub.tables.checkSuites.by("one", `${repository.id} ${sha} ${actor.id}`)
  if (known !== undefined) return known
  const now = hub.now()
  return hub.tables.checkSuites.insert({
    repositoryId: repository.id,
    sha,
    creatorId: actor.id,
    createdAt: now,
    updatedAt: now
  })
}

export type CheckRunChange = Partial<Omit<CheckRun, "id" | "suiteId" | "repositoryId" | "sha">>

/** A run with a conclusion is completed, and a completed one has a conclusion and a time. */
const settled = (hub: Hub, change: CheckRunChange): CheckRunChange => {
  if (change.conclusion !== undefined && change.conclusion !== null) {
    return { ...change, status: "completed", completedAt: change.completedAt ?? hub.now() }
  }
  if (change.status === "completed") {
    throw unprocessable(`Invalid request.\n\n"conclusion" wasn't supplied.`)
  }
  return change
}

/** Begins a check run. Part of a change. */
export const createCheckRun = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  sha: string,
  input: CheckRunChange & { readonly name: string }
): CheckRun => {
  const suite = ensureSuite(hub, actor, repository, sha)
  const run = hub.tables.checkRuns.insert({
    suiteId: suite.id,
    repositoryId: repository.id,
    sha,
    status: "queued",
    conclusion: null,
    detailsUrl: null,
    externalId: "",
    title: null,
    summary: null,
    text: null,
    annotations: [],
    startedAt: hub.now(),
    completedAt: null,
    ...settled(hub, input),
    name: input.name
  })
  emit(hub, { event: "check_run", action: "created", actor, repository, detail: { checkRunId: run.id } })
  return run
}

/** Changes a check run; new annotations are added to those it has. Part of a change. */
export const updateCheckRun = (
  hub: Hub,
  actor: Account,
  repository: Repository,
  run: CheckRun,
  change: CheckRunChange
): CheckRun => {
  const annotations = [...run.annotations, ...(change.annotations ?? [])]
  const after = hub.tables.checkRuns.update(run.id, { ...settled(hub, change), annotations })
  hub.tables.checkSuites.update(run.suiteId, { updatedAt: hub.now() })
  const action = after.status === "completed" && run.status !== "completed" ? "completed" : "created"
  emit(hub, { event: "check_run", action, actor, repository, detail: { checkRunId: run.id } })
  return after
}

/** The check run of an id in this repository, or 404. */
export const findCheckRun = (hub: Hub, repository: Repository, id: number): CheckRun => {
  const run = hub.tables.checkRuns.get(id)
  if (run === undefined || run.repositoryId !== repository.id) throw notFound()
  return run
}
