#include "berth/spec/field.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "absl/container/flat_hash_map.h"

namespace berth {
namespace {

// clang-format off
constexpr Field kFields[] = {
    // zone
    {.record = Record::kZone, .name = "kind", .type = FieldType::kEnum, .values = "Zone", .doc = "the kind of object"},
    {.record = Record::kZone, .name = "zone", .format = Format::kName, .required = true, .doc = "the zone's name"},
    {.record = Record::kZone, .name = "defaults", .type = FieldType::kRecord, .members = Record::kSpec, .merge = MergeKind::kMembers, .doc = "layer 1: what every sandbox of the zone starts from"},
    {.record = Record::kZone, .name = "gpu_memory_gb", .aliases = {"gpuMemoryGb"}, .type = FieldType::kIntegerMap, .format = Format::kName, .max_items = kMaxMapEntries, .doc = "GPU type to memory in GiB"},

    // profile
    {.record = Record::kProfile, .name = "kind", .type = FieldType::kEnum, .values = "Profile ProfileTemplate", .doc = "the kind of object"},
    {.record = Record::kProfile, .name = "id", .empty = EmptyText::kAbsent, .doc = "the id bindings refer to; the server gives it"},
    {.record = Record::kProfile, .name = "organization_id", .aliases = {"organizationId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "the organization it belongs to; `default` when absent"},
    {.record = Record::kProfile, .name = "display_name", .aliases = {"displayName"}, .format = Format::kName, .required = true, .doc = "unique in the organization; the name launches use unless a binding gives an alias"},
    {.record = Record::kProfile, .name = "description", .empty = EmptyText::kAbsent, .doc = "free text"},
    {.record = Record::kProfile, .name = "labels", .type = FieldType::kStringMap, .format = Format::kName, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "organizational, no meaning at run time"},
    {.record = Record::kProfile, .name = "spec", .type = FieldType::kRecord, .members = Record::kSpec, .merge = MergeKind::kMembers, .required = true, .doc = "layer 2"},
    {.record = Record::kProfile, .name = "created_at", .aliases = {"createdAt"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kProfile, .name = "updated_at", .aliases = {"updatedAt"}, .type = FieldType::kCarried, .doc = "output only"},

    // runner
    {.record = Record::kRunner, .name = "kind", .type = FieldType::kEnum, .values = "Runner", .doc = "the kind of object"},
    {.record = Record::kRunner, .name = "runner_id", .aliases = {"runnerId"}, .format = Format::kName, .doc = "unique in the organization"},
    {.record = Record::kRunner, .name = "id", .empty = EmptyText::kAbsent, .doc = "the server's id"},
    {.record = Record::kRunner, .name = "organization_id", .aliases = {"organizationId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "the organization it belongs to; `default` when absent"},
    {.record = Record::kRunner, .name = "display_name", .aliases = {"displayName"}, .empty = EmptyText::kAbsent, .doc = "free text"},
    {.record = Record::kRunner, .name = "identity", .type = FieldType::kRecord, .members = Record::kIdentity, .doc = "where it runs"},
    {.record = Record::kRunner, .name = "managed_spec", .aliases = {"managedSpec"}, .type = FieldType::kRecord, .members = Record::kManagedSpec, .doc = "how the managed runner is run"},
    {.record = Record::kRunner, .name = "profile_bindings", .aliases = {"profileBindings"}, .type = FieldType::kRecordList, .members = Record::kBinding, .max_items = kMaxBindingsPerRunner, .doc = "the profiles it exposes, in order; exactly one is the default"},
    {.record = Record::kRunner, .name = "capabilities", .type = FieldType::kRecord, .members = Record::kCapabilities, .doc = "what the cluster can do"},
    {.record = Record::kRunner, .name = "resources", .type = FieldType::kRecord, .members = Record::kResources, .doc = "what is free now"},
    {.record = Record::kRunner, .name = "install_status", .aliases = {"installStatus"}, .type = FieldType::kEnum, .empty = EmptyText::kAbsent, .values = "READY PENDING PROVISIONING FAILED DELETING UNSPECIFIED", .values_prefix = "RUNNER_INSTALL_STATUS_", .doc = "absent: READY"},
    {.record = Record::kRunner, .name = "connection_status", .aliases = {"connectionStatus"}, .type = FieldType::kEnum, .empty = EmptyText::kAbsent, .values = "CONNECTED DISCONNECTED UNSPECIFIED", .values_prefix = "RUNNER_CONNECTION_STATUS_", .doc = "absent: CONNECTED"},
    {.record = Record::kRunner, .name = "is_shared", .aliases = {"isShared"}, .type = FieldType::kBool, .doc = "every organization may use it"},
    {.record = Record::kRunner, .name = "install_error", .aliases = {"installError"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "management_mode", .aliases = {"managementMode"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "update_available", .aliases = {"updateAvailable"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "rollout_in_progress", .aliases = {"rolloutInProgress"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "active_revision", .aliases = {"activeRevision"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "target_revision", .aliases = {"targetRevision"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "active_config_version", .aliases = {"activeConfigVersion"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "active_profile_spec_version", .aliases = {"activeProfileSpecVersion"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "last_heartbeat_at", .aliases = {"lastHeartbeatAt"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "connected_at", .aliases = {"connectedAt"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "created_at", .aliases = {"createdAt"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "updated_at", .aliases = {"updatedAt"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "deployment_spec", .aliases = {"deploymentSpec"}, .type = FieldType::kCarried, .doc = "output only"},
    {.record = Record::kRunner, .name = "tags", .type = FieldType::kCarried, .doc = "output only"},

    // organization
    {.record = Record::kOrganization, .name = "kind", .type = FieldType::kEnum, .values = "Organization", .doc = "the kind of object"},
    {.record = Record::kOrganization, .name = "organization_id", .aliases = {"organizationId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "absent: `default`"},
    {.record = Record::kOrganization, .name = "quota", .type = FieldType::kRecord, .members = Record::kQuota, .doc = "what one sandbox may have at most; absent: no limit"},
    {.record = Record::kOrganization, .name = "limits_are", .aliases = {"limitsAre"}, .type = FieldType::kEnum, .values = "ceiling default", .doc = "whether a profile's limits are ceilings or only defaults"},
    {.record = Record::kOrganization, .name = "unnamed_requests", .aliases = {"unnamedRequests"}, .type = FieldType::kEnum, .values = "any_binding default_binding_only", .doc = "which bindings serve a launch that names no profile"},
    {.record = Record::kOrganization, .name = "allowed_images", .aliases = {"allowedImages"}, .type = FieldType::kStringList, .format = Format::kPattern, .max_items = kMaxImagePatterns, .doc = "RE2 patterns, full match; absent: any image"},
    {.record = Record::kOrganization, .name = "strategy", .type = FieldType::kEnum, .values = "spread pack first", .doc = "how a runner is selected"},
    {.record = Record::kOrganization, .name = "launch_overrides", .aliases = {"launchOverrides"}, .type = FieldType::kStringList, .format = Format::kOverridePath, .max_items = kMaxLaunchOverrides, .doc = "spec paths that launches may set through `overrides`"},

    // launch request
    {.record = Record::kLaunchRequest, .name = "organization_id", .aliases = {"organizationId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "absent: `default`"},
    {.record = Record::kLaunchRequest, .name = "user_id", .aliases = {"userId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "who launches"},
    {.record = Record::kLaunchRequest, .name = "sandbox_id", .aliases = {"sandboxId"}, .format = Format::kDnsLabel, .empty = EmptyText::kAbsent, .doc = "a DNS-1123 label"},
    {.record = Record::kLaunchRequest, .name = "profile_names", .aliases = {"profileNames"}, .type = FieldType::kStringList, .format = Format::kName, .max_items = kMaxProfileFilters, .doc = "only these profiles"},
    {.record = Record::kLaunchRequest, .name = "profile_ids", .aliases = {"profileIds"}, .type = FieldType::kStringList, .format = Format::kName, .max_items = kMaxProfileFilters, .doc = "older spelling of `profile_names`; the union counts"},
    {.record = Record::kLaunchRequest, .name = "runner_ids", .aliases = {"runnerIds"}, .type = FieldType::kStringList, .format = Format::kName, .max_items = kMaxRunnerFilters, .doc = "only these runners"},
    {.record = Record::kLaunchRequest, .name = "runner_group_id", .aliases = {"runnerGroupId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "only this group"},
    {.record = Record::kLaunchRequest, .name = "zone", .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "only this zone"},
    {.record = Record::kLaunchRequest, .name = "container_image", .aliases = {"containerImage"}, .format = Format::kImage, .empty = EmptyText::kAbsent, .capability = "container_image", .doc = "sets `container_image`"},
    {.record = Record::kLaunchRequest, .name = "resource_requests", .aliases = {"resourceRequests"}, .type = FieldType::kRecord, .members = Record::kResourceRequest, .doc = "sets the requests; asks for GPUs"},
    {.record = Record::kLaunchRequest, .name = "resource_limits", .aliases = {"resourceLimits"}, .type = FieldType::kRecord, .members = Record::kResourceRequest, .doc = "sets the limits; asks for GPUs"},
    {.record = Record::kLaunchRequest, .name = "resources", .type = FieldType::kRecord, .members = Record::kResourceRequest, .doc = "older spelling that sets requests and limits alike"},
    {.record = Record::kLaunchRequest, .name = "architecture", .format = Format::kName, .empty = EmptyText::kAbsent, .capability = "architecture", .doc = "asked of the runner"},
    {.record = Record::kLaunchRequest, .name = "privileged", .type = FieldType::kBool, .capability = "privileged", .doc = "asked of the runner"},
    {.record = Record::kLaunchRequest, .name = "storage_classes", .aliases = {"storageClasses"}, .type = FieldType::kStringList, .format = Format::kName, .capability = "storage_classes", .doc = "asked of the runner"},
    {.record = Record::kLaunchRequest, .name = "network", .type = FieldType::kRecord, .members = Record::kNetworkOptions, .doc = "chooses declared modes and levels by name"},
    {.record = Record::kLaunchRequest, .name = "pod_annotations", .aliases = {"podAnnotations"}, .type = FieldType::kStringMap, .format = Format::kAnnotations, .max_items = kMaxLaunchAnnotations, .doc = "sets `pod.metadata.annotations`"},
    {.record = Record::kLaunchRequest, .name = "overrides", .json_names = {"overrides_json", "overridesJson"}, .type = FieldType::kRecord, .members = Record::kSpec, .merge = MergeKind::kMembers, .doc = "other spec fields, where the organization opens them"},
    {.record = Record::kLaunchRequest, .name = "command", .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "args", .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "tags", .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "environment_variables", .aliases = {"environmentVariables"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "ports", .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "mounted_files", .aliases = {"mountedFiles"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "s3_mount", .aliases = {"s3Mount"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "file_system", .aliases = {"fileSystem"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "max_lifetime_seconds", .aliases = {"maxLifetimeSeconds"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "max_timeout_seconds", .aliases = {"maxTimeoutSeconds"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "runner_cluster_secrets", .aliases = {"runnerClusterSecrets"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "object_storage_access", .aliases = {"objectStorageAccess"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "secret_stores", .aliases = {"secretStores"}, .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},
    {.record = Record::kLaunchRequest, .name = "volumes", .type = FieldType::kCarried, .doc = "belongs to the sandbox alone"},

    // profile spec
    {.record = Record::kSpec, .name = "container_image", .aliases = {"containerImage"}, .launch = LaunchAccess::kSets, .format = Format::kImage, .capability = "container_image", .doc = "image of the sandbox container"},
    {.record = Record::kSpec, .name = "runtime_class", .aliases = {"runtimeClass"}, .launch = LaunchAccess::kOpenable, .format = Format::kDnsSubdomain, .doc = "`runtimeClassName` of the pod: the isolation backend"},
    {.record = Record::kSpec, .name = "resource_defaults", .aliases = {"resourceDefaults"}, .type = FieldType::kRecord, .members = Record::kResourceDefaults, .merge = MergeKind::kMembers, .launch = LaunchAccess::kSets, .doc = "requests and limits of a sandbox that brings none"},
    {.record = Record::kSpec, .name = "instance_types", .aliases = {"instanceTypes"}, .type = FieldType::kStringList, .launch = LaunchAccess::kOpenable, .format = Format::kName, .capability = "gpu.type", .doc = "instance classes sandboxes are restricted to; `[]` restricts to none in particular"},
    {.record = Record::kSpec, .name = "node_selector", .aliases = {"nodeSelector"}, .type = FieldType::kStringMap, .merge = MergeKind::kMembers, .launch = LaunchAccess::kOpenable, .format = Format::kLabels, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "labels of the nodes sandboxes run on"},
    {.record = Record::kSpec, .name = "tags", .type = FieldType::kStringList, .launch = LaunchAccess::kOpenable, .format = Format::kName, .doc = "descriptive, no authorization meaning"},
    {.record = Record::kSpec, .name = "namespace", .json_names = {"namespaceConfigJson", "namespace_config_json"}, .type = FieldType::kRecord, .members = Record::kNamespace, .merge = MergeKind::kMembers, .launch = LaunchAccess::kNever, .doc = "the Kubernetes namespace sandboxes land in"},
    {.record = Record::kSpec, .name = "network", .json_names = {"networkConfigJson", "network_config_json"}, .type = FieldType::kRecord, .members = Record::kNetwork, .merge = MergeKind::kMembers, .launch = LaunchAccess::kChooses, .doc = "outbound modes and inbound levels"},
    {.record = Record::kSpec, .name = "pod", .json_names = {"podTemplateJson", "pod_template_json"}, .type = FieldType::kRecord, .members = Record::kPod, .merge = MergeKind::kMembers, .launch = LaunchAccess::kOpenable, .doc = "pod metadata, a partial PodSpec and placement"},

    // resource defaults
    {.record = Record::kResourceDefaults, .name = "cpuRequest", .aliases = {"cpu_request"}, .type = FieldType::kQuantity, .launch = LaunchAccess::kSets, .format = Format::kCpu, .capability = "cpu", .doc = "default CPU request"},
    {.record = Record::kResourceDefaults, .name = "memoryRequest", .aliases = {"memory_request"}, .type = FieldType::kQuantity, .launch = LaunchAccess::kSets, .format = Format::kMemory, .capability = "memory", .doc = "default memory request"},
    {.record = Record::kResourceDefaults, .name = "cpuLimit", .aliases = {"cpu_limit"}, .type = FieldType::kQuantity, .launch = LaunchAccess::kSets, .format = Format::kCpu, .capability = "cpu", .doc = "default CPU limit, and the ceiling where limits are ceilings"},
    {.record = Record::kResourceDefaults, .name = "memoryLimit", .aliases = {"memory_limit"}, .type = FieldType::kQuantity, .launch = LaunchAccess::kSets, .format = Format::kMemory, .capability = "memory", .doc = "default memory limit, and the ceiling where limits are ceilings"},

    // namespace
    {.record = Record::kNamespace, .name = "strategy", .type = FieldType::kEnum, .launch = LaunchAccess::kNever, .values = "per-user per-org per-profile static", .doc = "who shares a namespace; `per-org` when no layer says"},
    {.record = Record::kNamespace, .name = "namespacePrefix", .aliases = {"namespace_prefix"}, .launch = LaunchAccess::kNever, .format = Format::kNamespacePrefix, .empty = EmptyText::kValue, .doc = "put before generated names"},
    {.record = Record::kNamespace, .name = "staticNamespace", .aliases = {"static_namespace"}, .launch = LaunchAccess::kNever, .format = Format::kDnsLabel, .doc = "the namespace of strategy `static`"},
    {.record = Record::kNamespace, .name = "autoCreate", .aliases = {"auto_create"}, .type = FieldType::kBool, .launch = LaunchAccess::kNever, .doc = "whether the runner creates the namespace; true when no layer says"},
    {.record = Record::kNamespace, .name = "labels", .type = FieldType::kStringMap, .merge = MergeKind::kMembers, .launch = LaunchAccess::kNever, .format = Format::kLabels, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "labels of a created namespace"},
    {.record = Record::kNamespace, .name = "annotations", .type = FieldType::kStringMap, .merge = MergeKind::kMembers, .launch = LaunchAccess::kNever, .format = Format::kAnnotations, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "annotations of a created namespace"},

    // network
    {.record = Record::kNetwork, .name = "egress", .type = FieldType::kRecord, .members = Record::kEgress, .merge = MergeKind::kMembers, .launch = LaunchAccess::kChooses, .doc = "outbound traffic"},
    {.record = Record::kNetwork, .name = "ingress", .type = FieldType::kRecordMap, .members = Record::kIngressLevel, .merge = MergeKind::kMembers, .launch = LaunchAccess::kChooses, .format = Format::kName, .max_items = kMaxIngressLevels, .capability = "network.ingress_mode", .doc = "inbound exposure levels by name"},

    // egress
    {.record = Record::kEgress, .name = "default", .launch = LaunchAccess::kNever, .format = Format::kName, .doc = "the mode of a sandbox that chooses none"},
    {.record = Record::kEgress, .name = "modes", .type = FieldType::kRecordMap, .members = Record::kEgressMode, .merge = MergeKind::kMembers, .entry_merge = MergeKind::kUnion, .launch = LaunchAccess::kChooses, .format = Format::kName, .max_items = kMaxEgressModes, .capability = "network.egress_mode", .doc = "outbound modes by name"},

    // egress mode
    {.record = Record::kEgressMode, .name = "type", .type = FieldType::kEnum, .launch = LaunchAccess::kNever, .required = true, .values = "none internet user org profile allowlist", .doc = "how far outbound traffic reaches"},
    {.record = Record::kEgressMode, .name = "cidrs", .type = FieldType::kStringList, .launch = LaunchAccess::kNever, .format = Format::kCidr, .max_items = kMaxCidrs, .doc = "the ranges of type `allowlist`"},

    // ingress level
    {.record = Record::kIngressLevel, .name = "scope", .type = FieldType::kEnum, .launch = LaunchAccess::kNever, .required = true, .values = "user profile org any", .doc = "from where the port is reachable"},
    {.record = Record::kIngressLevel, .name = "expectsExternalAddress", .aliases = {"expects_external_address"}, .type = FieldType::kBool, .launch = LaunchAccess::kNever, .doc = "wait for an address before the sandbox is ready"},
    {.record = Record::kIngressLevel, .name = "service", .type = FieldType::kRecord, .members = Record::kService, .merge = MergeKind::kMembers, .launch = LaunchAccess::kNever, .required = true, .doc = "the Service in front of the sandbox"},
    {.record = Record::kIngressLevel, .name = "ingress", .type = FieldType::kRecord, .members = Record::kIngress, .merge = MergeKind::kMembers, .launch = LaunchAccess::kNever, .doc = "an Ingress beside the Service"},

    // service
    {.record = Record::kService, .name = "serviceType", .aliases = {"service_type"}, .type = FieldType::kEnum, .launch = LaunchAccess::kNever, .required = true, .values = "ClusterIP NodePort LoadBalancer", .doc = "the Service's type"},
    {.record = Record::kService, .name = "serviceSelectorAnnotation", .aliases = {"service_selector_annotation"}, .type = FieldType::kRecord, .members = Record::kAnnotationPair, .merge = MergeKind::kWhole, .launch = LaunchAccess::kNever, .doc = "picks the address pool"},
    {.record = Record::kService, .name = "dnsAnnotation", .aliases = {"dns_annotation"}, .type = FieldType::kRecord, .members = Record::kAnnotationPair, .merge = MergeKind::kWhole, .launch = LaunchAccess::kNever, .doc = "asks a DNS controller for a record"},

    // annotation pair
    {.record = Record::kAnnotationPair, .name = "key", .launch = LaunchAccess::kNever, .format = Format::kAnnotationKey, .required = true, .doc = "annotation key"},
    {.record = Record::kAnnotationPair, .name = "value", .launch = LaunchAccess::kNever, .empty = EmptyText::kValue, .required = true, .doc = "annotation value"},

    // ingress
    {.record = Record::kIngress, .name = "controllerName", .aliases = {"controller_name"}, .launch = LaunchAccess::kNever, .format = Format::kDnsSubdomain, .required = true, .doc = "the cluster's ingress controller"},
    {.record = Record::kIngress, .name = "template", .launch = LaunchAccess::kNever, .format = Format::kHostTemplate, .required = true, .doc = "host name with `{{.SandboxID}}` and `{{.Namespace}}`"},

    // pod
    {.record = Record::kPod, .name = "metadata", .type = FieldType::kRecord, .members = Record::kPodMetadata, .merge = MergeKind::kMembers, .launch = LaunchAccess::kOpenable, .doc = "labels and annotations of the pod"},
    {.record = Record::kPod, .name = "spec", .type = FieldType::kOpenTree, .merge = MergeKind::kMembers, .launch = LaunchAccess::kOpenable, .empty = EmptyText::kValue, .doc = "a partial Kubernetes PodSpec"},
    {.record = Record::kPod, .name = "placement", .type = FieldType::kRecord, .members = Record::kPlacement, .merge = MergeKind::kMembers, .launch = LaunchAccess::kOpenable, .doc = "where pods run"},

    // pod metadata
    {.record = Record::kPodMetadata, .name = "labels", .type = FieldType::kStringMap, .merge = MergeKind::kMembers, .launch = LaunchAccess::kOpenable, .format = Format::kLabels, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "labels of the pod; reserved ones are dropped"},
    {.record = Record::kPodMetadata, .name = "annotations", .type = FieldType::kStringMap, .merge = MergeKind::kMembers, .launch = LaunchAccess::kSets, .format = Format::kAnnotations, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "annotations of the pod; reserved ones are dropped"},

    // placement
    {.record = Record::kPlacement, .name = "instanceTypes", .aliases = {"instance_types"}, .type = FieldType::kStringList, .launch = LaunchAccess::kOpenable, .format = Format::kName, .capability = "gpu.type", .doc = "older place of `instance_types`"},

    // runner identity
    {.record = Record::kIdentity, .name = "zone", .format = Format::kName, .required = true, .doc = "the zone of its cluster"},
    {.record = Record::kIdentity, .name = "cluster_id", .aliases = {"clusterId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "the cluster"},
    {.record = Record::kIdentity, .name = "cluster_name", .aliases = {"clusterName"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "the cluster"},
    {.record = Record::kIdentity, .name = "runner_group_id", .aliases = {"runnerGroupId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "scheduling affinity"},

    // managed spec
    {.record = Record::kManagedSpec, .name = "release_channel", .aliases = {"releaseChannel"}, .type = FieldType::kEnum, .empty = EmptyText::kAbsent, .values = "UNSPECIFIED STABLE RAPID", .values_prefix = "RELEASE_CHANNEL_", .doc = "which releases it follows"},
    {.record = Record::kManagedSpec, .name = "maintenance_policy", .aliases = {"maintenancePolicy"}, .type = FieldType::kRecord, .members = Record::kMaintenancePolicy, .doc = "when it may be updated"},
    {.record = Record::kManagedSpec, .name = "overrides", .type = FieldType::kRecord, .members = Record::kRunnerOverrides, .doc = "shapes the runner's own pod, and the runtime classes of sandbox pods"},
    {.record = Record::kManagedSpec, .name = "enforce_resource_limits", .aliases = {"enforceResourceLimits"}, .type = FieldType::kBool, .capability = "resource_limits", .doc = "every sandbox needs both limits"},
    {.record = Record::kManagedSpec, .name = "allow_privileged_profile_annotations", .aliases = {"allowPrivilegedProfileAnnotations"}, .type = FieldType::kBool, .doc = "bound profiles may carry restricted annotations"},

    // maintenance policy
    {.record = Record::kMaintenancePolicy, .name = "windows", .type = FieldType::kRecordList, .members = Record::kMaintenanceWindow, .doc = "when updates apply"},
    {.record = Record::kMaintenancePolicy, .name = "exclusions", .type = FieldType::kRecordList, .members = Record::kMaintenanceExclusion, .doc = "when they do not"},

    // maintenance window
    {.record = Record::kMaintenanceWindow, .name = "cron", .required = true, .doc = "five cron fields"},
    {.record = Record::kMaintenanceWindow, .name = "duration_seconds", .aliases = {"durationSeconds"}, .type = FieldType::kInteger, .required = true, .doc = "length"},

    // maintenance exclusion
    {.record = Record::kMaintenanceExclusion, .name = "start_time", .aliases = {"startTime"}, .required = true, .doc = "RFC 3339"},
    {.record = Record::kMaintenanceExclusion, .name = "end_time", .aliases = {"endTime"}, .required = true, .doc = "RFC 3339"},
    {.record = Record::kMaintenanceExclusion, .name = "reason", .empty = EmptyText::kAbsent, .doc = "free text"},

    // runner overrides
    {.record = Record::kRunnerOverrides, .name = "cpu_runtime_class", .aliases = {"cpuRuntimeClass"}, .format = Format::kDnsSubdomain, .empty = EmptyText::kAbsent, .doc = "runtime class of sandboxes without GPU: layer 1, above the zone's"},
    {.record = Record::kRunnerOverrides, .name = "gpu_runtime_class", .aliases = {"gpuRuntimeClass"}, .format = Format::kDnsSubdomain, .empty = EmptyText::kAbsent, .doc = "runtime class of sandboxes with GPU: layer 1, above the zone's"},
    {.record = Record::kRunnerOverrides, .name = "node_selector", .aliases = {"nodeSelector"}, .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "tolerations", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "resources", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "annotations", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "labels", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "env", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "args", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "scaling", .type = FieldType::kCarried, .doc = "of the runner's own pod"},
    {.record = Record::kRunnerOverrides, .name = "scheduler_name", .aliases = {"schedulerName"}, .type = FieldType::kCarried, .doc = "of the runner's own pod"},

    // capabilities
    {.record = Record::kCapabilities, .name = "max_cpu_millicores", .aliases = {"maxCpuMillicores"}, .type = FieldType::kInteger, .capability = "cpu", .doc = "absent or 0: unknown, no limit"},
    {.record = Record::kCapabilities, .name = "max_memory_bytes", .aliases = {"maxMemoryBytes"}, .type = FieldType::kInteger, .capability = "memory", .doc = "absent or 0: unknown, no limit"},
    {.record = Record::kCapabilities, .name = "max_gpu_count", .aliases = {"maxGpuCount"}, .type = FieldType::kInteger, .capability = "gpu.count", .doc = "absent: 0"},
    {.record = Record::kCapabilities, .name = "supported_gpu_types", .aliases = {"supportedGpuTypes"}, .type = FieldType::kStringList, .format = Format::kName, .capability = "gpu.type", .doc = "compared without case"},
    {.record = Record::kCapabilities, .name = "supported_architectures", .aliases = {"supportedArchitectures"}, .type = FieldType::kStringList, .format = Format::kName, .capability = "architecture", .doc = "such as amd64, arm64"},
    {.record = Record::kCapabilities, .name = "supports_privileged", .aliases = {"supportsPrivileged"}, .type = FieldType::kBool, .capability = "privileged", .doc = "absent: false"},
    {.record = Record::kCapabilities, .name = "available_storage_classes", .aliases = {"availableStorageClasses"}, .type = FieldType::kStringList, .format = Format::kName, .capability = "storage_classes", .doc = "what volumes can be made of"},

    // resources
    {.record = Record::kResources, .name = "available_cpu_millicores", .aliases = {"availableCpuMillicores"}, .type = FieldType::kInteger, .capability = "cpu", .doc = "absent: not reported"},
    {.record = Record::kResources, .name = "available_memory_bytes", .aliases = {"availableMemoryBytes"}, .type = FieldType::kInteger, .capability = "memory", .doc = "absent: not reported"},
    {.record = Record::kResources, .name = "available_gpu_count", .aliases = {"availableGpuCount"}, .type = FieldType::kInteger, .capability = "gpu.count", .doc = "absent: not reported"},
    {.record = Record::kResources, .name = "running_sandboxes", .aliases = {"runningSandboxes"}, .type = FieldType::kInteger, .doc = "for people"},

    // profile binding
    {.record = Record::kBinding, .name = "profile_template_id", .aliases = {"profileTemplateId"}, .format = Format::kName, .required = true, .doc = "the profile's id, or its display name where it has no id"},
    {.record = Record::kBinding, .name = "profile_name", .aliases = {"profileName"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "alias that launches use; absent: the profile's display name"},
    {.record = Record::kBinding, .name = "is_default", .aliases = {"isDefault"}, .type = FieldType::kBool, .doc = "serves launches that name no profile"},
    {.record = Record::kBinding, .name = "overrides_json", .aliases = {"overridesJson"}, .type = FieldType::kRecord, .members = Record::kSpec, .merge = MergeKind::kMembers, .empty = EmptyText::kAbsent, .or_json_text = true, .contained = true, .doc = "layer 3"},

    // quota
    {.record = Record::kQuota, .name = "cpu", .type = FieldType::kQuantity, .format = Format::kCpu, .capability = "cpu", .doc = "CPU of one sandbox"},
    {.record = Record::kQuota, .name = "memory", .type = FieldType::kQuantity, .format = Format::kMemory, .capability = "memory", .doc = "memory of one sandbox"},
    {.record = Record::kQuota, .name = "gpu", .type = FieldType::kInteger, .capability = "gpu", .doc = "GPUs of one sandbox"},

    // resources
    {.record = Record::kResourceRequest, .name = "cpu", .type = FieldType::kQuantity, .format = Format::kCpu, .empty = EmptyText::kAbsent, .capability = "cpu", .doc = "CPU"},
    {.record = Record::kResourceRequest, .name = "memory", .type = FieldType::kQuantity, .format = Format::kMemory, .empty = EmptyText::kAbsent, .capability = "memory", .doc = "memory"},
    {.record = Record::kResourceRequest, .name = "gpu", .type = FieldType::kRecord, .members = Record::kGpuRequest, .doc = "GPUs"},

    // gpu
    {.record = Record::kGpuRequest, .name = "count", .aliases = {"gpu_count", "gpuCount"}, .type = FieldType::kInteger, .capability = "gpu.count", .doc = "how many"},
    {.record = Record::kGpuRequest, .name = "type", .aliases = {"gpu_type", "gpuType"}, .format = Format::kName, .empty = EmptyText::kAbsent, .capability = "gpu.type", .doc = "of which type; without it any"},
    {.record = Record::kGpuRequest, .name = "memory_gb", .aliases = {"memoryGb", "gpu_memory_gb", "gpuMemoryGb"}, .type = FieldType::kInteger, .capability = "gpu.memory_gb", .doc = "of any type with at least this much memory, in GiB"},

    // network options
    {.record = Record::kNetworkOptions, .name = "egress_mode", .aliases = {"egressMode"}, .format = Format::kName, .empty = EmptyText::kAbsent, .capability = "network.egress_mode", .doc = "a declared egress mode"},
    {.record = Record::kNetworkOptions, .name = "ingress_mode", .aliases = {"ingressMode"}, .format = Format::kName, .empty = EmptyText::kAbsent, .capability = "network.ingress_mode", .doc = "a declared ingress level"},
    {.record = Record::kNetworkOptions, .name = "exposed_ports", .aliases = {"exposedPorts"}, .type = FieldType::kIntegerList, .max_items = kMaxExposedPorts, .doc = "container ports to expose"},

    // policy test
    {.record = Record::kPolicyTest, .name = "catalog", .doc = "the catalog to ask, relative to the file; absent: the file's folder"},
    {.record = Record::kPolicyTest, .name = "cases", .type = FieldType::kRecordList, .members = Record::kTestCase, .required = true, .max_items = kMaxTestCases, .doc = "launches and what is wanted of them"},

    // test case
    {.record = Record::kTestCase, .name = "name", .required = true, .doc = "distinct in the file"},
    {.record = Record::kTestCase, .name = "request", .type = FieldType::kCarried, .doc = "the launch; valid or not, it is decided"},
    {.record = Record::kTestCase, .name = "request_file", .aliases = {"requestFile"}, .doc = "a file with the launch, relative to this one"},
    {.record = Record::kTestCase, .name = "live", .type = FieldType::kRecordMap, .members = Record::kRunnerState, .max_items = kMaxMapEntries, .doc = "runner id to what the runner reports, for this case only"},
    {.record = Record::kTestCase, .name = "want", .type = FieldType::kRecord, .members = Record::kWanted, .required = true, .doc = "what the decision must be; what is left out is not compared"},

    // runner's state
    {.record = Record::kRunnerState, .name = "install_status", .aliases = {"installStatus"}, .type = FieldType::kEnum, .values = "READY PENDING PROVISIONING FAILED DELETING UNSPECIFIED", .values_prefix = "RUNNER_INSTALL_STATUS_", .doc = "absent: as in the catalog"},
    {.record = Record::kRunnerState, .name = "connection_status", .aliases = {"connectionStatus"}, .type = FieldType::kEnum, .values = "CONNECTED DISCONNECTED UNSPECIFIED", .values_prefix = "RUNNER_CONNECTION_STATUS_", .doc = "absent: as in the catalog"},
    {.record = Record::kRunnerState, .name = "available_cpu_millicores", .aliases = {"availableCpuMillicores"}, .type = FieldType::kInteger, .doc = "absent: as in the catalog"},
    {.record = Record::kRunnerState, .name = "available_memory_bytes", .aliases = {"availableMemoryBytes"}, .type = FieldType::kInteger, .doc = "absent: as in the catalog"},
    {.record = Record::kRunnerState, .name = "available_gpu_count", .aliases = {"availableGpuCount"}, .type = FieldType::kInteger, .doc = "absent: as in the catalog"},

    // wanted decision
    {.record = Record::kWanted, .name = "verdict", .type = FieldType::kEnum, .values = "ADMITTED REJECTED INVALID", .doc = "what is decided"},
    {.record = Record::kWanted, .name = "code", .type = FieldType::kEnum, .values = "CWSANDBOX_PROFILE_MISMATCH CWSANDBOX_NO_SUITABLE_RUNNER CWSANDBOX_INVALID_REQUEST", .doc = "the product's code"},
    {.record = Record::kWanted, .name = "reasons", .type = FieldType::kStringList, .doc = "the codes of all reasons, in any order"},
    {.record = Record::kWanted, .name = "headlines", .type = FieldType::kStringList, .doc = "the codes of the reasons that are some candidate's first, in any order"},
    {.record = Record::kWanted, .name = "placement", .type = FieldType::kRecord, .members = Record::kWantedPlacement, .doc = "where the sandbox goes"},
    {.record = Record::kWanted, .name = "binding", .doc = "whose spec `fields` is about, as `RUNNER/PROFILE`; absent: the placement's"},
    {.record = Record::kWanted, .name = "fields", .type = FieldType::kCarried, .doc = "pointer or dotted path into the resolved spec to its value; null: unset"},
    {.record = Record::kWanted, .name = "namespace", .type = FieldType::kRecord, .members = Record::kWantedNamespace, .doc = "the namespace it runs in"},
    {.record = Record::kWanted, .name = "egress", .type = FieldType::kRecord, .members = Record::kWantedEgress, .doc = "what it may reach"},
    {.record = Record::kWanted, .name = "ingress", .type = FieldType::kRecord, .members = Record::kWantedIngress, .null_counts = true, .doc = "how it is reached; null: not at all"},
    {.record = Record::kWanted, .name = "violations", .type = FieldType::kStringList, .doc = "the fields of all violations, in any order"},

    // wanted placement
    {.record = Record::kWantedPlacement, .name = "runner_id", .aliases = {"runnerId"}, .doc = "the runner"},
    {.record = Record::kWantedPlacement, .name = "profile_name", .aliases = {"profileName"}, .doc = "the binding's name for launches"},
    {.record = Record::kWantedPlacement, .name = "profile_id", .aliases = {"profileId"}, .null_counts = true, .doc = "null: the profile has none"},
    {.record = Record::kWantedPlacement, .name = "zone", .doc = "the runner's zone"},

    // wanted namespace
    {.record = Record::kWantedNamespace, .name = "name", .null_counts = true, .doc = "the name"},
    {.record = Record::kWantedNamespace, .name = "auto_create", .aliases = {"autoCreate"}, .type = FieldType::kBool, .doc = "whether it is created when missing"},
    {.record = Record::kWantedNamespace, .name = "labels", .type = FieldType::kStringMap, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "all of them"},
    {.record = Record::kWantedNamespace, .name = "annotations", .type = FieldType::kStringMap, .empty = EmptyText::kValue, .max_items = kMaxMapEntries, .doc = "all of them"},

    // wanted egress
    {.record = Record::kWantedEgress, .name = "mode", .null_counts = true, .doc = "the mode; null: none is declared"},
    {.record = Record::kWantedEgress, .name = "type", .doc = "the mode's type"},
    {.record = Record::kWantedEgress, .name = "cidrs", .type = FieldType::kStringList, .max_items = kMaxCidrs, .doc = "all of them, in order"},

    // wanted ingress
    {.record = Record::kWantedIngress, .name = "mode", .doc = "the level"},
    {.record = Record::kWantedIngress, .name = "scope", .null_counts = true, .doc = "the level's scope"},
    {.record = Record::kWantedIngress, .name = "host", .null_counts = true, .doc = "the host name; null: none"},

    // tokens file
    {.record = Record::kTokensFile, .name = "tokens", .type = FieldType::kRecordList, .members = Record::kToken, .required = true, .max_items = kMaxTokens, .doc = "who may call"},

    // token
    {.record = Record::kToken, .name = "name", .format = Format::kName, .required = true, .doc = "what logs call it; distinct, and never secret"},
    {.record = Record::kToken, .name = "sha256", .required = true, .doc = "the token's SHA-256 in hexadecimal"},
    {.record = Record::kToken, .name = "organization_id", .aliases = {"organizationId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "whom it speaks for; absent: `default`"},
    {.record = Record::kToken, .name = "user_id", .aliases = {"userId"}, .format = Format::kName, .empty = EmptyText::kAbsent, .doc = "who launches with it; absent: nobody in particular"},
    {.record = Record::kToken, .name = "roles", .type = FieldType::kStringList, .required = true, .doc = "`SANDBOX_USER` reads and launches; `SANDBOX_ADMIN` implies it"},
    {.record = Record::kToken, .name = "any_organization", .aliases = {"anyOrganization"}, .type = FieldType::kBool, .doc = "whether its launches may name any organization"},
};
// clang-format on

constexpr std::string_view kRecordNames[] = {
    "value",
    "zone",
    "profile",
    "runner",
    "organization",
    "launch request",
    "profile spec",
    "resource defaults",
    "namespace",
    "network",
    "egress",
    "egress mode",
    "ingress level",
    "service",
    "annotation pair",
    "ingress",
    "pod",
    "pod metadata",
    "placement",
    "runner identity",
    "managed spec",
    "maintenance policy",
    "maintenance window",
    "maintenance exclusion",
    "runner overrides",
    "capabilities",
    "resources",
    "profile binding",
    "quota",
    "resources",
    "gpu",
    "network options",
    "policy test",
    "test case",
    "runner's state",
    "wanted decision",
    "wanted placement",
    "wanted namespace",
    "wanted egress",
    "wanted ingress",
    "tokens file",
    "token",
};
static_assert(std::size(kRecordNames) == kRecordCount);

constexpr bool GroupedByRecord() {
  for (size_t i = 1; i < std::size(kFields); ++i) {
    if (kFields[i].record < kFields[i - 1].record) return false;
  }
  return true;
}
static_assert(GroupedByRecord(), "rows stand in the order of the records, so that FieldsOf finds them as one span");

// Where the rows of each record begin, and after the last record, where they end.
constexpr std::array<size_t, kRecordCount + 1> kFirstRows = [] {
  std::array<size_t, kRecordCount + 1> first{};
  for (const Field& field : kFields) ++first[static_cast<size_t>(field.record) + 1];
  for (size_t i = 1; i <= kRecordCount; ++i) first[i] += first[i - 1];
  return first;
}();

// For each record its rows by every spelling.
using SpellingTable = std::array<absl::flat_hash_map<std::string_view, FieldSpelling>, kRecordCount>;

SpellingTable MakeSpellings() {
  SpellingTable table;
  for (const Field& field : kFields) {
    const auto add = [&](std::string_view text) {
      if (!text.empty()) table[static_cast<size_t>(field.record)].emplace(text, FieldSpelling{&field, text});
    };
    add(field.name);
    for (std::string_view alias : field.aliases) add(alias);
    for (std::string_view name : field.json_names) add(name);
  }
  return table;
}

}  // namespace

std::span<const Field> Fields() { return kFields; }

std::span<const Field> FieldsOf(Record record) {
  const auto index = static_cast<size_t>(record);
  return {kFields + kFirstRows[index], kFields + kFirstRows[index + 1]};
}

const FieldSpelling* FindSpelling(Record record, std::string_view key) {
  static const SpellingTable& table = *new SpellingTable(MakeSpellings());  // never destroyed: threads may outlive main
  const auto& spellings = table[static_cast<size_t>(record)];
  const auto found = spellings.find(key);
  return found == spellings.end() ? nullptr : &found->second;
}

const Field* FindField(Record record, std::string_view key) {
  const FieldSpelling* const found = FindSpelling(record, key);
  return found == nullptr ? nullptr : found->field;
}

std::string_view RecordName(Record record) { return kRecordNames[static_cast<size_t>(record)]; }

}  // namespace berth
