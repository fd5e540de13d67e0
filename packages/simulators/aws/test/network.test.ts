import * as ec2Sdk from "@aws-sdk/client-ec2"
import * as efsSdk from "@aws-sdk/client-efs"
import * as taggingSdk from "@aws-sdk/client-resource-groups-tagging-api"
import * as mapSdk from "@aws-sdk/client-servicediscovery"
import { StopTaskCommand } from "@aws-sdk/client-ecs"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { noWorkloads, type Rig, startRig } from "./rig.ts"
import { misfitsIn } from "./shapes.ts"
import { openTasks, type Tasks } from "./tasks.ts"
import { until } from "./until.ts"

let rig: Rig

beforeAll(async () => {
  rig = await startRig()
}, 60_000)
afterAll(() => rig.stop(), 60_000)

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: Error) => error.name
  )

describe("EC2", () => {
  it("has a default network and keeps security groups with their rules", async () => {
    const ec2 = new ec2Sdk.EC2Client(rig.client)
    const { Vpcs } = await ec2.send(
      new ec2Sdk.DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] })
    )
    const vpc = Vpcs?.[0]?.VpcId ?? ""
    const { Subnets } = await ec2.send(
      new ec2Sdk.DescribeSubnetsCommand({ Filters: [{ Name: "vpc-id", Values: [vpc] }] })
    )
    assert.strictEqual(Subnets?.length, 1)
    const make = () =>
      ec2.send(
        new ec2Sdk.CreateSecurityGroupCommand({
          GroupName: "net",
          Description: "a network",
          VpcId: vpc,
          TagSpecifications: [{ ResourceType: "security-group", Tags: [{ Key: "owner", Value: "me" }] }]
        })
      )
    const { GroupId = "" } = await make()
    assert.strictEqual(await codeOf(make()), "InvalidGroup.Duplicate")
    const allow = () =>
      ec2.send(
        new ec2Sdk.AuthorizeSecurityGroupIngressCommand({
          GroupId,
          IpPermissions: [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId }] }]
        })
      )
    await allow()
    assert.strictEqual(await codeOf(allow()), "InvalidPermission.Duplicate")
    const { SecurityGroups } = await ec2.send(
      new ec2Sdk.DescribeSecurityGroupsCommand({ Filters: [{ Name: "tag:owner", Values: ["me"] }] })
    )
    assert.strictEqual(SecurityGroups?.[0]?.GroupId, GroupId)
    assert.deepStrictEqual(SecurityGroups?.[0]?.IpPermissions?.[0]?.UserIdGroupPairs?.[0]?.GroupId, GroupId)
    assert.deepStrictEqual(SecurityGroups?.[0]?.Tags, [{ Key: "owner", Value: "me" }])
    await ec2.send(new ec2Sdk.DeleteSecurityGroupCommand({ GroupId }))
    assert.strictEqual(
      await codeOf(ec2.send(new ec2Sdk.DeleteSecurityGroupCommand({ GroupId }))),
      "InvalidGroup.NotFound"
    )
  })
})

describe("tags", () => {
  it("are found across services, and later than they were put when a fault says so", async () => {
    const efs = new efsSdk.EFSClient(rig.client)
    const tagging = new taggingSdk.ResourceGroupsTaggingAPIClient(rig.client)
    const { FileSystemArn } = await efs.send(
      new efsSdk.CreateFileSystemCommand({ CreationToken: "tagged", Tags: [{ Key: "finder", Value: "x" }] })
    )
    const find = async () =>
      (
        await tagging.send(
          new taggingSdk.GetResourcesCommand({
            TagFilters: [{ Key: "finder", Values: ["x"] }],
            ResourceTypeFilters: ["elasticfilesystem:file-system"]
          })
        )
      ).ResourceTagMappingList?.map((mapping) => mapping.ResourceARN)
    assert.deepStrictEqual(await find(), [FileSystemArn])
    const { faults } = rig.aws().simulation
    const rule = faults.add({ match: { service: "tagging" }, times: 1, fault: { kind: "stale", millis: 3_600_000 } })
    assert.deepStrictEqual(await find(), [])
    assert.deepStrictEqual(await find(), [FileSystemArn])
    faults.remove(rule)
  })
})

describe.skipIf(noWorkloads !== undefined)("tasks together", { timeout: 90_000 }, () => {
  let tasks: Tasks

  beforeAll(async () => {
    tasks = await openTasks(rig)
  }, 60_000)

  it("find each other by a name of Cloud Map, restarts of the simulator included", async () => {
    const map = new mapSdk.ServiceDiscoveryClient(rig.client)
    const { OperationId } = await map.send(
      new mapSdk.CreatePrivateDnsNamespaceCommand({ Name: "net.skls", Vpc: "vpc-1" })
    )
    const { Operation } = await map.send(new mapSdk.GetOperationCommand({ OperationId }))
    assert.strictEqual(Operation?.Status, "SUCCESS")
    const { Service } = await map.send(
      new mapSdk.CreateServiceCommand({
        Name: "web",
        NamespaceId: Operation?.Targets?.["NAMESPACE"] ?? "",
        DnsConfig: { DnsRecords: [{ Type: "A", TTL: 5 }] }
      })
    )
    const server = await tasks.run(
      await tasks.define("server", [
        "sh",
        "-c",
        "mkdir -p /tmp/w; echo served > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
      ])
    )
    const { containers } = await tasks.reached(server, "RUNNING")
    const ip = containers?.[0]?.networkInterfaces?.[0]?.privateIpv4Address ?? ""
    await map.send(
      new mapSdk.RegisterInstanceCommand({
        ServiceId: Service?.Id,
        InstanceId: "one",
        Attributes: { AWS_INSTANCE_IPV4: ip }
      })
    )
    const ask = "for i in $(seq 100); do wget -qO- http://web.net.skls:8080/ && exit 0; sleep 0.2; done; exit 1"
    const client = await tasks.define("client", ["sh", "-c", ask])
    const first = await tasks.run(client)
    assert.strictEqual((await tasks.reached(first, "STOPPED")).containers?.[0]?.exitCode, 0)
    await rig.restart()
    const second = await tasks.run(client)
    assert.strictEqual((await tasks.reached(second, "STOPPED")).containers?.[0]?.exitCode, 0)
    assert.deepStrictEqual(await tasks.linesOf("client", second), ["served"])
    await tasks.ecs.send(new StopTaskCommand({ cluster: "main", task: server }))
    await tasks.reached(server, "STOPPED")
  })

  it("share an access point of EFS as a folder with its owner", async () => {
    const efs = new efsSdk.EFSClient(rig.client)
    const { FileSystemId } = await efs.send(new efsSdk.CreateFileSystemCommand({ CreationToken: "shared" }))
    const make = () =>
      efs.send(
        new efsSdk.CreateAccessPointCommand({
          ClientToken: "volume",
          FileSystemId,
          RootDirectory: { Path: "/vol", CreationInfo: { OwnerUid: 7, OwnerGid: 8, Permissions: "0770" } }
        })
      )
    const { AccessPointId } = await make()
    assert.strictEqual(await codeOf(make()), "AccessPointAlreadyExists")
    const volume = {
      volumes: [
        {
          name: "data",
          efsVolumeConfiguration: {
            fileSystemId: FileSystemId ?? "",
            transitEncryption: "ENABLED" as const,
            authorizationConfig: { accessPointId: AccessPointId }
          }
        }
      ]
    }
    const mount = { mountPoints: [{ sourceVolume: "data", containerPath: "/data" }] }
    const writer = await tasks.run(await tasks.define("writer", ["sh", "-c", "echo kept > /data/file"], mount, volume))
    await tasks.reached(writer, "STOPPED")
    const reader = await tasks.run(
      await tasks.define("reader", ["sh", "-c", "cat /data/file; stat -c '%u %g %a' /data"], mount, volume)
    )
    await tasks.reached(reader, "STOPPED")
    assert.deepStrictEqual(await tasks.linesOf("reader", reader), ["kept", "7 8 770"])
  })

  it("know themselves by the metadata endpoint", async () => {
    const arn = await tasks.run(
      await tasks.define("self", ["sh", "-c", "wget -qO- $ECS_CONTAINER_METADATA_URI_V4/task"])
    )
    await tasks.reached(arn, "STOPPED")
    const lines = await until("it has written", async () => {
      const written = await tasks.linesOf("self", arn)
      return written.length > 0 ? written : undefined
    })
    assert.include(lines.join(""), `"TaskARN":"${arn}"`)
  })
})

describe("answers", () => {
  it("have the shapes of the vendor's SDK", () => {
    const entries = rig.aws().simulation.journal.since(0)
    for (const [service, sdk] of [
      ["tagging", taggingSdk],
      ["servicediscovery", mapSdk],
      ["elasticfilesystem", efsSdk]
    ] as const) {
      const ours = entries.filter((entry) => entry.service === service)
      assert.deepStrictEqual([...new Set(misfitsIn(sdk, ours))], [])
    }
  })
})
