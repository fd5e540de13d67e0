import type { RepositoryReleasesArgs } from "@octokit/graphql-schema"
import {
  atLeast,
  fullName,
  latestRelease,
  nodeId,
  type Release,
  releasesOf,
  roleOf,
  type Asset,
  type Gist
} from "@sockerless/bleephub-core"
import { readRef, repositoryPath } from "@sockerless/bleephub-git"
import type { GraphQLResolveInfo } from "graphql"
import { connection, type PageArguments } from "../engine/connection.ts"
import type { Context } from "../engine/context.ts"
import type { Resolvers } from "../engine/schema.ts"
import { commitNode } from "./commits.ts"
import { accountNode, type AccountNode, type Node, type RepositoryNode, repositoryNode } from "./node.ts"
import { isoTime, isoTimeOrNull } from "./time.ts"

type ReleaseNode = Node<"Release", Release>
type AssetNode = Node<"ReleaseAsset", Asset>
type GistNode = Node<"Gist", Gist>

const releaseNode = (row: Release): ReleaseNode => ({ type: "Release", row })

const visible = (node: RepositoryNode, context: Context): ReadonlyArray<Release> =>
  releasesOf(context.hub, node.row, atLeast(roleOf(context.hub, context.viewer, node.row), "write"))

const releases = (node: RepositoryNode, args: RepositoryReleasesArgs, context: Context, info: GraphQLResolveInfo) => {
  const list = visible(node, context)
  return connection(args.orderBy?.direction === "ASC" ? list.toReversed() : list, args, info, releaseNode)
}

const repositoryOf = (node: ReleaseNode, context: Context) =>
  context.hub.tables.repositories.need(node.row.repositoryId)

const page = (node: ReleaseNode, context: Context): string =>
  `${context.urls.html}/${fullName(context.hub, repositoryOf(node, context))}/releases/tag/${node.row.tag}`

const tagCommit = async (node: ReleaseNode, context: Context) => {
  const repository = repositoryOf(node, context)
  const path = repositoryPath(context.hub.repositoriesFolder, repository.id)
  const ref = await readRef(path, `refs/tags/${node.row.tag}`)
  return ref === undefined ? null : commitNode(repository, ref.sha)
}

/** Releases, their files, and gists. */
export const releaseResolvers: Resolvers = {
  Repository: {
    releases,
    release: (node: RepositoryNode, args: { readonly tagName: string }, context: Context) => {
      const row = visible(node, context).find((one) => one.tag === args.tagName)
      return row === undefined ? null : releaseNode(row)
    },
    latestRelease: (node: RepositoryNode, _args: object, context: Context) => {
      const row = latestRelease(context.hub, node.row)
      return row === undefined ? null : releaseNode(row)
    }
  },
  Release: {
    id: (node: ReleaseNode) => nodeId("RE", node.row.id),
    databaseId: (node: ReleaseNode) => node.row.id,
    name: (node: ReleaseNode) => node.row.name,
    tagName: (node: ReleaseNode) => node.row.tag,
    description: (node: ReleaseNode) => node.row.body,
    isDraft: (node: ReleaseNode) => node.row.draft,
    isPrerelease: (node: ReleaseNode) => node.row.prerelease,
    isLatest: (node: ReleaseNode, _args: object, context: Context) =>
      latestRelease(context.hub, repositoryOf(node, context))?.id === node.row.id,
    createdAt: (node: ReleaseNode) => isoTime(node.row.createdAt),
    updatedAt: (node: ReleaseNode) => isoTime(node.row.createdAt),
    publishedAt: (node: ReleaseNode) => isoTimeOrNull(node.row.publishedAt),
    author: (node: ReleaseNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.authorId)),
    repository: (node: ReleaseNode, _args: object, context: Context) => repositoryNode(repositoryOf(node, context)),
    url: (node: ReleaseNode, _args: object, context: Context) => page(node, context),
    tagCommit: (node: ReleaseNode, _args: object, context: Context) => tagCommit(node, context),
    releaseAssets: (node: ReleaseNode, args: PageArguments, context: Context, info: GraphQLResolveInfo) =>
      connection(context.hub.tables.assets.where("release", node.row.id), args, info, (row) => ({
        type: "ReleaseAsset",
        row
      }))
  },
  ReleaseAsset: {
    id: (node: AssetNode) => nodeId("RA", node.row.id),
    name: (node: AssetNode) => node.row.name,
    size: (node: AssetNode) => node.row.size,
    contentType: (node: AssetNode) => node.row.contentType,
    downloadCount: (node: AssetNode) => node.row.downloads,
    createdAt: (node: AssetNode) => isoTime(node.row.createdAt),
    updatedAt: (node: AssetNode) => isoTime(node.row.updatedAt)
  },
  User: {
    gists: (
      node: AccountNode,
      args: PageArguments & { readonly privacy?: "ALL" | "PUBLIC" | "SECRET" | null },
      context: Context,
      info: GraphQLResolveInfo
    ) => {
      const own = context.viewer.account?.id === node.row.id
      const list = context.hub.tables.gists
        .where("owner", node.row.id)
        .filter((one) => own || one.public)
        .filter((one) => !args.privacy || args.privacy === "ALL" || (args.privacy === "PUBLIC") === one.public)
        .toReversed()
      return connection(list, args, info, (row) => ({ type: "Gist", row }))
    }
  },
  Gist: {
    id: (node: GistNode) => nodeId("G", node.row.id),
    name: (node: GistNode) => node.row.key,
    description: (node: GistNode) => node.row.description,
    isPublic: (node: GistNode) => node.row.public,
    createdAt: (node: GistNode) => isoTime(node.row.createdAt),
    updatedAt: (node: GistNode) => isoTime(node.row.updatedAt),
    owner: (node: GistNode, _args: object, context: Context) =>
      accountNode(context.hub.tables.accounts.need(node.row.ownerId)),
    url: (node: GistNode, _args: object, context: Context) => `${context.urls.html}/gist/${node.row.key}`,
    files: (node: GistNode) =>
      node.row.files.map((file) => ({
        name: file.name,
        text: file.content,
        size: Buffer.byteLength(file.content),
        language: { id: "text", name: "Text" },
        extension: file.name.replace(/^.*(?=\.)/, ""),
        isImage: false,
        isTruncated: false
      }))
  }
}
