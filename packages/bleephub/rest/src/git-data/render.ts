import { accountOfEmail, fullName, nodeId, type Repository } from "@sockerless/bleephub-core"
import { changedFiles, type ChangedFile, type Commit, repositoryPath } from "@sockerless/bleephub-git"
import { isoTime, simpleUser } from "../accounts/render.ts"
import type { View } from "../repositories/render.ts"
import type { Schemas } from "../wire/types.ts"

/** The bare repository of a repository. */
export const pathOf = (view: View, repository: Repository): string =>
  repositoryPath(view.hub.repositoriesFolder, repository.id)

const person = (one: Commit["author"]) => ({ name: one.name, email: one.email, date: isoTime(one.at) })

const unverified = { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null }

const base = (view: View, repository: Repository) => {
  const name = fullName(view.hub, repository)
  return { api: `${view.urls.api}/repos/${name}`, html: `${view.urls.html}/${name}` }
}

const account = (view: View, email: string) => {
  const found = accountOfEmail(view.hub, email)
  return found === undefined ? null : simpleUser(view.urls, found)
}

/** A commit as history shows it. */
export const commitJson = (view: View, repository: Repository, commit: Commit): Schemas["commit"] => {
  const { api, html } = base(view, repository)
  return {
    url: `${api}/commits/${commit.sha}`,
    sha: commit.sha,
    node_id: nodeId("C", repository.id),
    html_url: `${html}/commit/${commit.sha}`,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    commit: {
      url: `${api}/git/commits/${commit.sha}`,
      author: person(commit.author),
      committer: person(commit.committer),
      message: commit.message,
      comment_count: 0,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      verification: unverified
    },
    author: account(view, commit.author.email),
    committer: account(view, commit.committer.email),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${api}/commits/${sha}`,
      html_url: `${html}/commit/${sha}`
    }))
  }
}

/** A commit as git's own object. */
export const gitCommitJson = (view: View, repository: Repository, commit: Commit): Schemas["git-commit"] => {
  const { api, html } = base(view, repository)
  return {
    sha: commit.sha,
    node_id: nodeId("C", repository.id),
    url: `${api}/git/commits/${commit.sha}`,
    html_url: `${html}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    message: commit.message,
    tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: `${html}/commit/${sha}` })),
    verification: unverified
  }
}

/** A changed file of a commit, comparison or pull request at `sha`. */
export const fileJson = (view: View, repository: Repository, file: ChangedFile, sha: string): Schemas["diff-entry"] => {
  const { api, html } = base(view, repository)
  const path = file.path.split("/").map(encodeURIComponent).join("/")
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${html}/blob/${sha}/${path}`,
    raw_url: `${html}/raw/${sha}/${path}`,
    contents_url: `${api}/contents/${path}?ref=${sha}`,
    ...(file.patch !== null && { patch: file.patch }),
    ...(file.previousPath !== null && { previous_filename: file.previousPath })
  }
}

/** A commit with what it changed. */
export const fullCommit = async (view: View, repository: Repository, commit: Commit): Promise<Schemas["commit"]> => {
  const files = await changedFiles(pathOf(view, repository), commit.parents[0], commit.sha)
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return {
    ...commitJson(view, repository, commit),
    stats: { additions, deletions, total: additions + deletions },
    files: files.map((file) => fileJson(view, repository, file, commit.sha))
  }
}
