import { Conflict, findRepository, notFound, type Repository, unprocessable } from "@sockerless/bleephub-core"
import {
  aheadBehind,
  changedFiles,
  commitPatchText,
  commitsBetween,
  diffText,
  listRefs,
  log,
  mergeBase,
  patchText,
  readCommit,
  resolve
} from "@sockerless/bleephub-git"
import { fullName, nodeId } from "@sockerless/bleephub-core"
import { type Call, operation } from "../wire/call.ts"
import type { OperationId } from "../wire/types.ts"
import { commitJson, fileJson, fullCommit, pathOf } from "./render.ts"

const LIMIT = 5000

/** A text answer in one of GitHub's media types. */
export const textAnswer = (text: string, kind: string): Response =>
  new Response(text, { headers: { "content-type": `application/vnd.github.${kind}; charset=utf-8` } })

const findCommit = async (call: Call<OperationId>, repository: Repository, ref: string) => {
  const path = pathOf(call, repository)
  const commit = await readCommit(path, ref)
  if (commit !== undefined) return commit
  if ((await listRefs(path)).length === 0) throw new Conflict({ reason: "Git Repository is empty." })
  throw unprocessable(`No commit found for SHA: ${ref}`)
}

const statusOf = (ahead: number, behind: number): "diverged" | "ahead" | "behind" | "identical" => {
  if (ahead > 0) return behind > 0 ? "diverged" : "ahead"
  return behind > 0 ? "behind" : "identical"
}

const compared = async (call: Call<"repos/compare-commits-with-basehead">, repository: Repository) => {
  const [left = "", right] = call.path.basehead.split("...")
  if (right === undefined) throw notFound()
  const path = pathOf(call, repository)
  const short = (name: string): string => name.replace(/^[^:]+:/, "")
  const [base, head] = await Promise.all([readCommit(path, short(left)), readCommit(path, short(right))])
  if (base === undefined || head === undefined) throw notFound()
  const ancestor = await mergeBase(path, base.sha, head.sha)
  const common = ancestor === undefined ? undefined : await readCommit(path, ancestor)
  if (common === undefined) throw notFound(`No common ancestor between ${left} and ${right}.`)
  return { path, base, head, common }
}

/** Commits, comparisons, tags. */
export const commitOperations = [
  operation("repos/list-commits", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { sha = repository.defaultBranch, path, author, since, until } = call.query
    const start = await findCommit(call, repository, sha)
    const email = author === undefined ? undefined : call.hub.tables.accounts.by("login", author.toLowerCase())?.email
    const commits = await log(pathOf(call, repository), {
      from: [start.sha],
      limit: LIMIT,
      ...(path !== undefined && { path }),
      ...(author !== undefined && { author: email ?? author }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until })
    })
    return call.page(commits, (commit) => commitJson(call, repository, commit))
  }),
  operation("repos/get-commit", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const commit = await findCommit(call, repository, call.path.ref)
    if (call.accepts("sha")) return textAnswer(commit.sha, "sha")
    const path = pathOf(call, repository)
    if (call.accepts("diff")) return textAnswer(await diffText(path, commit.parents[0], commit.sha), "diff")
    if (call.accepts("patch")) return textAnswer(await commitPatchText(path, commit.sha), "patch")
    return fullCommit(call, repository, commit)
  }),
  operation("repos/compare-commits-with-basehead", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const { path, base, head, common } = await compared(call, repository)
    if (call.accepts("diff")) return textAnswer(await diffText(path, common.sha, head.sha), "diff")
    if (call.accepts("patch")) return textAnswer(await patchText(path, common.sha, head.sha), "patch")
    const { ahead, behind } = await aheadBehind(path, base.sha, head.sha)
    const commits = await commitsBetween(path, base.sha, head.sha)
    const files = await changedFiles(path, common.sha, head.sha)
    const name = fullName(call.hub, repository)
    const html = `${call.urls.html}/${name}/compare/${call.path.basehead}`
    return {
      url: `${call.urls.api}/repos/${name}/compare/${call.path.basehead}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: commitJson(call, repository, base),
      merge_base_commit: commitJson(call, repository, common),
      status: statusOf(ahead, behind),
      ahead_by: ahead,
      behind_by: behind,
      total_commits: commits.length,
      commits: call.page(commits, (commit) => commitJson(call, repository, commit)),
      files: files.slice(0, 300).map((file) => fileJson(call, repository, file, head.sha))
    }
  }),
  operation("repos/list-tags", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const path = pathOf(call, repository)
    const refs = (await listRefs(path, "refs/tags")).toReversed()
    const commits = new Map<string, string>()
    for (const ref of refs) commits.set(ref.name, (await resolve(path, `${ref.name}^{commit}`)) ?? ref.sha)
    const api = `${call.urls.api}/repos/${fullName(call.hub, repository)}`
    return call.page(refs, (ref) => {
      const name = ref.name.replace("refs/tags/", "")
      const sha = commits.get(ref.name) ?? ref.sha
      return {
        name,
        zipball_url: `${api}/zipball/refs/tags/${name}`,
        tarball_url: `${api}/tarball/refs/tags/${name}`,
        commit: { sha, url: `${api}/commits/${sha}` },
        node_id: nodeId("REF", repository.id)
      }
    })
  }),
  operation("repos/list-branches-for-head-commit", async (call) => {
    const repository = findRepository(call.hub, call.viewer, call.path)
    const refs = await listRefs(pathOf(call, repository), "refs/heads")
    const api = `${call.urls.api}/repos/${fullName(call.hub, repository)}`
    return refs
      .filter((ref) => ref.sha === call.path.commit_sha)
      .map((ref) => ({
        name: ref.name.replace("refs/heads/", ""),
        commit: { sha: ref.sha, url: `${api}/commits/${ref.sha}` },
        protected: false
      }))
  })
]
