#include "berth/spec/pod_field.h"

#include <iterator>

namespace berth {
namespace {

using R = PodRecord;
using T = PodType;
using F = PodFormat;

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxLong = std::numeric_limits<int64_t>::max();
constexpr IntegerRange kAnyLong = {std::numeric_limits<int64_t>::min(), kMaxLong};
constexpr IntegerRange kNotNegative = {0, kMaxInt};
constexpr IntegerRange kNotNegativeLong = {0, kMaxLong};
constexpr IntegerRange kPositive = {1, kMaxInt};
constexpr IntegerRange kPositiveLong = {1, kMaxLong};
constexpr IntegerRange kPortNumber = {1, 65535};
constexpr IntegerRange kHostPort = {0, 65535};  // 0: none
constexpr IntegerRange kFileMode = {0, 0777};
constexpr IntegerRange kWeight = {1, 100};

// clang-format off
constexpr PodField kFields[] = {
    {.record = R::kPodSpec, .name = "activeDeadlineSeconds", .type = T::kInteger, .range = kPositive},
    {.record = R::kPodSpec, .name = "affinity", .type = T::kRecord, .members = R::kAffinity},
    {.record = R::kPodSpec, .name = "automountServiceAccountToken", .type = T::kBool},
    {.record = R::kPodSpec, .name = "containers", .type = T::kKeyedList, .members = R::kContainer, .merge_keys = {"name", ""}, .empty_key = true, .required = true},
    {.record = R::kPodSpec, .name = "dnsConfig", .type = T::kRecord, .members = R::kDnsConfig},
    {.record = R::kPodSpec, .name = "dnsPolicy", .values = "ClusterFirst ClusterFirstWithHostNet Default None"},
    {.record = R::kPodSpec, .name = "enableServiceLinks", .type = T::kBool},
    {.record = R::kPodSpec, .name = "ephemeralContainers", .type = T::kKeyedList, .members = R::kEphemeralContainer, .merge_keys = {"name", ""}},
    {.record = R::kPodSpec, .name = "hostAliases", .type = T::kKeyedList, .members = R::kHostAlias, .merge_keys = {"ip", ""}},
    {.record = R::kPodSpec, .name = "hostIPC", .type = T::kBool, .closed = true},
    {.record = R::kPodSpec, .name = "hostNetwork", .type = T::kBool, .closed = true},
    {.record = R::kPodSpec, .name = "hostPID", .type = T::kBool, .closed = true},
    {.record = R::kPodSpec, .name = "hostUsers", .type = T::kBool, .closed = true},
    {.record = R::kPodSpec, .name = "hostname", .format = F::kDnsLabel},
    {.record = R::kPodSpec, .name = "hostnameOverride", .format = F::kDnsSubdomain},
    {.record = R::kPodSpec, .name = "imagePullSecrets", .type = T::kKeyedList, .members = R::kReference, .merge_keys = {"name", ""}},
    {.record = R::kPodSpec, .name = "initContainers", .type = T::kKeyedList, .members = R::kContainer, .merge_keys = {"name", ""}},
    {.record = R::kPodSpec, .name = "nodeName", .format = F::kDnsSubdomain},
    {.record = R::kPodSpec, .name = "nodeSelector", .type = T::kStringMap, .format = F::kLabels},
    {.record = R::kPodSpec, .name = "os", .type = T::kRecord, .members = R::kOs},
    {.record = R::kPodSpec, .name = "overhead", .type = T::kQuantityMap},
    {.record = R::kPodSpec, .name = "preemptionPolicy", .values = "PreemptLowerPriority Never"},
    {.record = R::kPodSpec, .name = "priority", .type = T::kInteger},
    {.record = R::kPodSpec, .name = "priorityClassName", .format = F::kDnsSubdomain},
    {.record = R::kPodSpec, .name = "readinessGates", .type = T::kRecordList, .members = R::kReadinessGate},
    {.record = R::kPodSpec, .name = "resourceClaims", .type = T::kKeyedList, .members = R::kResourceClaim, .merge_keys = {"name", ""}},
    {.record = R::kPodSpec, .name = "resources", .type = T::kRecord, .members = R::kResources},
    {.record = R::kPodSpec, .name = "restartPolicy", .values = "Always OnFailure Never"},
    {.record = R::kPodSpec, .name = "runtimeClassName", .format = F::kDnsSubdomain},
    {.record = R::kPodSpec, .name = "schedulerName"},
    {.record = R::kPodSpec, .name = "schedulingGates", .type = T::kKeyedList, .members = R::kSchedulingGate, .merge_keys = {"name", ""}},
    {.record = R::kPodSpec, .name = "securityContext", .type = T::kRecord, .members = R::kPodSecurityContext, .closed = true},
    {.record = R::kPodSpec, .name = "serviceAccount", .format = F::kDnsSubdomain},
    {.record = R::kPodSpec, .name = "serviceAccountName", .format = F::kDnsSubdomain},
    {.record = R::kPodSpec, .name = "setHostnameAsFQDN", .type = T::kBool},
    {.record = R::kPodSpec, .name = "shareProcessNamespace", .type = T::kBool},
    {.record = R::kPodSpec, .name = "subdomain", .format = F::kDnsLabel},
    {.record = R::kPodSpec, .name = "terminationGracePeriodSeconds", .type = T::kInteger, .range = kNotNegativeLong},
    {.record = R::kPodSpec, .name = "tolerations", .type = T::kRecordList, .members = R::kToleration},
    {.record = R::kPodSpec, .name = "topologySpreadConstraints", .type = T::kKeyedList, .members = R::kTopologySpread, .merge_keys = {"topologyKey", "whenUnsatisfiable"}},
    {.record = R::kPodSpec, .name = "volumes", .type = T::kKeyedList, .members = R::kVolume, .merge_keys = {"name", ""}},

    {.record = R::kContainer, .name = "args", .type = T::kStringList},
    {.record = R::kContainer, .name = "command", .type = T::kStringList},
    {.record = R::kContainer, .name = "env", .type = T::kKeyedList, .members = R::kEnv, .merge_keys = {"name", ""}},
    {.record = R::kContainer, .name = "envFrom", .type = T::kRecordList, .members = R::kEnvFrom},
    {.record = R::kContainer, .name = "image", .format = F::kImage},
    {.record = R::kContainer, .name = "imagePullPolicy", .values = "Always IfNotPresent Never"},
    {.record = R::kContainer, .name = "lifecycle", .type = T::kRecord, .members = R::kLifecycle},
    {.record = R::kContainer, .name = "livenessProbe", .type = T::kRecord, .members = R::kProbe},
    {.record = R::kContainer, .name = "name", .format = F::kDnsLabel, .required = true},
    {.record = R::kContainer, .name = "ports", .type = T::kKeyedList, .members = R::kPort, .merge_keys = {"containerPort", "protocol"}, .default_key = "TCP"},
    {.record = R::kContainer, .name = "readinessProbe", .type = T::kRecord, .members = R::kProbe},
    {.record = R::kContainer, .name = "resizePolicy", .type = T::kRecordList, .members = R::kResizePolicy},
    {.record = R::kContainer, .name = "resources", .type = T::kRecord, .members = R::kResources},
    {.record = R::kContainer, .name = "restartPolicy", .values = "Always OnFailure Never"},
    {.record = R::kContainer, .name = "restartPolicyRules", .type = T::kRecordList, .members = R::kRestartRule},
    {.record = R::kContainer, .name = "securityContext", .type = T::kRecord, .members = R::kSecurityContext, .closed = true},
    {.record = R::kContainer, .name = "startupProbe", .type = T::kRecord, .members = R::kProbe},
    {.record = R::kContainer, .name = "stdin", .type = T::kBool},
    {.record = R::kContainer, .name = "stdinOnce", .type = T::kBool},
    {.record = R::kContainer, .name = "terminationMessagePath"},
    {.record = R::kContainer, .name = "terminationMessagePolicy", .values = "File FallbackToLogsOnError"},
    {.record = R::kContainer, .name = "tty", .type = T::kBool},
    {.record = R::kContainer, .name = "volumeDevices", .type = T::kKeyedList, .members = R::kVolumeDevice, .merge_keys = {"devicePath", ""}},
    {.record = R::kContainer, .name = "volumeMounts", .type = T::kKeyedList, .members = R::kVolumeMount, .merge_keys = {"mountPath", ""}},
    {.record = R::kContainer, .name = "workingDir"},

    {.record = R::kEphemeralContainer, .name = "args", .type = T::kStringList},
    {.record = R::kEphemeralContainer, .name = "command", .type = T::kStringList},
    {.record = R::kEphemeralContainer, .name = "env", .type = T::kKeyedList, .members = R::kEnv, .merge_keys = {"name", ""}},
    {.record = R::kEphemeralContainer, .name = "envFrom", .type = T::kRecordList, .members = R::kEnvFrom},
    {.record = R::kEphemeralContainer, .name = "image", .format = F::kImage},
    {.record = R::kEphemeralContainer, .name = "imagePullPolicy", .values = "Always IfNotPresent Never"},
    {.record = R::kEphemeralContainer, .name = "lifecycle", .type = T::kRecord, .members = R::kLifecycle},
    {.record = R::kEphemeralContainer, .name = "livenessProbe", .type = T::kRecord, .members = R::kProbe},
    {.record = R::kEphemeralContainer, .name = "name", .format = F::kDnsLabel, .required = true},
    {.record = R::kEphemeralContainer, .name = "ports", .type = T::kKeyedList, .members = R::kPort, .merge_keys = {"containerPort", "protocol"}, .default_key = "TCP"},
    {.record = R::kEphemeralContainer, .name = "readinessProbe", .type = T::kRecord, .members = R::kProbe},
    {.record = R::kEphemeralContainer, .name = "resizePolicy", .type = T::kRecordList, .members = R::kResizePolicy},
    {.record = R::kEphemeralContainer, .name = "resources", .type = T::kRecord, .members = R::kResources},
    {.record = R::kEphemeralContainer, .name = "restartPolicy", .values = "Always OnFailure Never"},
    {.record = R::kEphemeralContainer, .name = "restartPolicyRules", .type = T::kRecordList, .members = R::kRestartRule},
    {.record = R::kEphemeralContainer, .name = "securityContext", .type = T::kRecord, .members = R::kSecurityContext, .closed = true},
    {.record = R::kEphemeralContainer, .name = "startupProbe", .type = T::kRecord, .members = R::kProbe},
    {.record = R::kEphemeralContainer, .name = "stdin", .type = T::kBool},
    {.record = R::kEphemeralContainer, .name = "stdinOnce", .type = T::kBool},
    {.record = R::kEphemeralContainer, .name = "targetContainerName", .format = F::kDnsLabel},
    {.record = R::kEphemeralContainer, .name = "terminationMessagePath"},
    {.record = R::kEphemeralContainer, .name = "terminationMessagePolicy", .values = "File FallbackToLogsOnError"},
    {.record = R::kEphemeralContainer, .name = "tty", .type = T::kBool},
    {.record = R::kEphemeralContainer, .name = "volumeDevices", .type = T::kKeyedList, .members = R::kVolumeDevice, .merge_keys = {"devicePath", ""}},
    {.record = R::kEphemeralContainer, .name = "volumeMounts", .type = T::kKeyedList, .members = R::kVolumeMount, .merge_keys = {"mountPath", ""}},
    {.record = R::kEphemeralContainer, .name = "workingDir"},

    {.record = R::kEnv, .name = "name", .format = F::kEnvName, .required = true},
    {.record = R::kEnv, .name = "value", .union_group = "value"},
    {.record = R::kEnv, .name = "valueFrom", .type = T::kRecord, .members = R::kEnvSource, .union_group = "value"},

    {.record = R::kEnvSource, .name = "configMapKeyRef", .type = T::kRecord, .members = R::kKeyReference, .union_group = "source"},
    {.record = R::kEnvSource, .name = "fieldRef", .type = T::kRecord, .members = R::kFieldReference, .union_group = "source"},
    {.record = R::kEnvSource, .name = "fileKeyRef", .type = T::kRecord, .members = R::kFileKeyReference, .union_group = "source"},
    {.record = R::kEnvSource, .name = "resourceFieldRef", .type = T::kRecord, .members = R::kResourceReference, .union_group = "source"},
    {.record = R::kEnvSource, .name = "secretKeyRef", .type = T::kRecord, .members = R::kKeyReference, .union_group = "source"},

    {.record = R::kEnvFrom, .name = "configMapRef", .type = T::kRecord, .members = R::kOptionalReference},
    {.record = R::kEnvFrom, .name = "prefix"},
    {.record = R::kEnvFrom, .name = "secretRef", .type = T::kRecord, .members = R::kOptionalReference},

    {.record = R::kPort, .name = "containerPort", .type = T::kInteger, .range = kPortNumber, .required = true},
    {.record = R::kPort, .name = "hostIP"},
    {.record = R::kPort, .name = "hostPort", .type = T::kInteger, .range = kHostPort},
    {.record = R::kPort, .name = "name", .format = F::kPortName},
    {.record = R::kPort, .name = "protocol", .values = "TCP UDP SCTP"},

    {.record = R::kVolumeMount, .name = "mountPath", .required = true},
    {.record = R::kVolumeMount, .name = "mountPropagation", .values = "None HostToContainer Bidirectional"},
    {.record = R::kVolumeMount, .name = "name", .format = F::kDnsLabel, .required = true},
    {.record = R::kVolumeMount, .name = "readOnly", .type = T::kBool},
    {.record = R::kVolumeMount, .name = "recursiveReadOnly", .values = "Disabled IfPossible Enabled"},
    {.record = R::kVolumeMount, .name = "subPath"},
    {.record = R::kVolumeMount, .name = "subPathExpr"},

    {.record = R::kVolumeDevice, .name = "devicePath", .required = true},
    {.record = R::kVolumeDevice, .name = "name", .format = F::kDnsLabel, .required = true},

    {.record = R::kResources, .name = "claims", .type = T::kRecordList, .members = R::kResourceClaimUse},
    {.record = R::kResources, .name = "limits", .type = T::kQuantityMap},
    {.record = R::kResources, .name = "requests", .type = T::kQuantityMap},

    {.record = R::kResourceClaimUse, .name = "name", .format = F::kDnsLabel, .required = true},
    {.record = R::kResourceClaimUse, .name = "request"},

    {.record = R::kResizePolicy, .name = "resourceName", .required = true},
    {.record = R::kResizePolicy, .name = "restartPolicy", .values = "NotRequired RestartContainer", .required = true},

    {.record = R::kRestartRule, .name = "action", .required = true},
    {.record = R::kRestartRule, .name = "exitCodes", .type = T::kRecord, .members = R::kRestartExitCodes},

    {.record = R::kRestartExitCodes, .name = "operator", .values = "In NotIn", .required = true},
    {.record = R::kRestartExitCodes, .name = "values", .type = T::kIntegerList},

    {.record = R::kProbe, .name = "exec", .type = T::kRecord, .members = R::kExec, .union_group = "handler"},
    {.record = R::kProbe, .name = "failureThreshold", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kProbe, .name = "grpc", .type = T::kRecord, .members = R::kGrpc, .union_group = "handler"},
    {.record = R::kProbe, .name = "httpGet", .type = T::kRecord, .members = R::kHttpGet, .union_group = "handler"},
    {.record = R::kProbe, .name = "initialDelaySeconds", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kProbe, .name = "periodSeconds", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kProbe, .name = "successThreshold", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kProbe, .name = "tcpSocket", .type = T::kRecord, .members = R::kTcpSocket, .union_group = "handler"},
    {.record = R::kProbe, .name = "terminationGracePeriodSeconds", .type = T::kInteger, .range = kPositiveLong},
    {.record = R::kProbe, .name = "timeoutSeconds", .type = T::kInteger, .range = kNotNegative},

    {.record = R::kLifecycle, .name = "postStart", .type = T::kRecord, .members = R::kLifecycleHandler},
    {.record = R::kLifecycle, .name = "preStop", .type = T::kRecord, .members = R::kLifecycleHandler},
    {.record = R::kLifecycle, .name = "stopSignal"},

    {.record = R::kLifecycleHandler, .name = "exec", .type = T::kRecord, .members = R::kExec, .union_group = "handler"},
    {.record = R::kLifecycleHandler, .name = "httpGet", .type = T::kRecord, .members = R::kHttpGet, .union_group = "handler"},
    {.record = R::kLifecycleHandler, .name = "sleep", .type = T::kRecord, .members = R::kSleep, .union_group = "handler"},
    {.record = R::kLifecycleHandler, .name = "tcpSocket", .type = T::kRecord, .members = R::kTcpSocket, .union_group = "handler"},

    {.record = R::kExec, .name = "command", .type = T::kStringList},

    {.record = R::kHttpGet, .name = "host"},
    {.record = R::kHttpGet, .name = "httpHeaders", .type = T::kRecordList, .members = R::kHttpHeader},
    {.record = R::kHttpGet, .name = "path"},
    {.record = R::kHttpGet, .name = "port", .type = T::kIntegerOrString, .format = F::kPortName, .range = kPortNumber, .required = true},
    {.record = R::kHttpGet, .name = "scheme", .values = "HTTP HTTPS"},

    {.record = R::kHttpHeader, .name = "name", .required = true},
    {.record = R::kHttpHeader, .name = "value", .required = true},

    {.record = R::kTcpSocket, .name = "host"},
    {.record = R::kTcpSocket, .name = "port", .type = T::kIntegerOrString, .format = F::kPortName, .range = kPortNumber, .required = true},

    {.record = R::kGrpc, .name = "port", .type = T::kInteger, .range = kPortNumber, .required = true},
    {.record = R::kGrpc, .name = "service"},

    {.record = R::kSleep, .name = "seconds", .type = T::kInteger, .range = kNotNegativeLong, .required = true},

    {.record = R::kReference, .name = "name", .format = F::kDnsSubdomain},

    {.record = R::kOptionalReference, .name = "name", .format = F::kDnsSubdomain},
    {.record = R::kOptionalReference, .name = "optional", .type = T::kBool},

    {.record = R::kKeyReference, .name = "key", .required = true},
    {.record = R::kKeyReference, .name = "name", .format = F::kDnsSubdomain},
    {.record = R::kKeyReference, .name = "optional", .type = T::kBool},

    {.record = R::kFileKeyReference, .name = "key", .required = true},
    {.record = R::kFileKeyReference, .name = "optional", .type = T::kBool},
    {.record = R::kFileKeyReference, .name = "path", .required = true},
    {.record = R::kFileKeyReference, .name = "volumeName", .format = F::kDnsLabel, .required = true},

    {.record = R::kFieldReference, .name = "apiVersion"},
    {.record = R::kFieldReference, .name = "fieldPath", .required = true},

    {.record = R::kResourceReference, .name = "containerName"},
    {.record = R::kResourceReference, .name = "divisor", .type = T::kQuantity},
    {.record = R::kResourceReference, .name = "resource", .required = true},

    {.record = R::kTypedReference, .name = "apiGroup"},
    {.record = R::kTypedReference, .name = "kind", .required = true},
    {.record = R::kTypedReference, .name = "name", .required = true},
    {.record = R::kTypedReference, .name = "namespace", .format = F::kDnsLabel},

    {.record = R::kSecurityContext, .name = "allowPrivilegeEscalation", .type = T::kBool},
    {.record = R::kSecurityContext, .name = "appArmorProfile", .type = T::kRecord, .members = R::kConfinement},
    {.record = R::kSecurityContext, .name = "capabilities", .type = T::kRecord, .members = R::kCapabilities},
    {.record = R::kSecurityContext, .name = "privileged", .type = T::kBool},
    {.record = R::kSecurityContext, .name = "procMount", .values = "Default Unmasked"},
    {.record = R::kSecurityContext, .name = "readOnlyRootFilesystem", .type = T::kBool},
    {.record = R::kSecurityContext, .name = "runAsGroup", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kSecurityContext, .name = "runAsNonRoot", .type = T::kBool},
    {.record = R::kSecurityContext, .name = "runAsUser", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kSecurityContext, .name = "seLinuxOptions", .type = T::kRecord, .members = R::kSeLinux},
    {.record = R::kSecurityContext, .name = "seccompProfile", .type = T::kRecord, .members = R::kConfinement},
    {.record = R::kSecurityContext, .name = "windowsOptions", .type = T::kRecord, .members = R::kWindows},

    {.record = R::kPodSecurityContext, .name = "appArmorProfile", .type = T::kRecord, .members = R::kConfinement},
    {.record = R::kPodSecurityContext, .name = "fsGroup", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kPodSecurityContext, .name = "fsGroupChangePolicy", .values = "OnRootMismatch Always"},
    {.record = R::kPodSecurityContext, .name = "runAsGroup", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kPodSecurityContext, .name = "runAsNonRoot", .type = T::kBool},
    {.record = R::kPodSecurityContext, .name = "runAsUser", .type = T::kInteger, .range = kNotNegative},
    {.record = R::kPodSecurityContext, .name = "seLinuxChangePolicy", .values = "MountOption Recursive"},
    {.record = R::kPodSecurityContext, .name = "seLinuxOptions", .type = T::kRecord, .members = R::kSeLinux},
    {.record = R::kPodSecurityContext, .name = "seccompProfile", .type = T::kRecord, .members = R::kConfinement},
    {.record = R::kPodSecurityContext, .name = "supplementalGroups", .type = T::kIntegerList, .range = kNotNegative},
    {.record = R::kPodSecurityContext, .name = "supplementalGroupsPolicy", .values = "Merge Strict"},
    {.record = R::kPodSecurityContext, .name = "sysctls", .type = T::kRecordList, .members = R::kSysctl},
    {.record = R::kPodSecurityContext, .name = "windowsOptions", .type = T::kRecord, .members = R::kWindows},

    {.record = R::kCapabilities, .name = "add", .type = T::kStringList},
    {.record = R::kCapabilities, .name = "drop", .type = T::kStringList},

    {.record = R::kSeLinux, .name = "level"},
    {.record = R::kSeLinux, .name = "role"},
    {.record = R::kSeLinux, .name = "type"},
    {.record = R::kSeLinux, .name = "user"},

    {.record = R::kConfinement, .name = "localhostProfile"},
    {.record = R::kConfinement, .name = "type", .values = "Localhost RuntimeDefault Unconfined", .required = true},

    {.record = R::kWindows, .name = "gmsaCredentialSpec"},
    {.record = R::kWindows, .name = "gmsaCredentialSpecName"},
    {.record = R::kWindows, .name = "hostProcess", .type = T::kBool},
    {.record = R::kWindows, .name = "runAsUserName"},

    {.record = R::kSysctl, .name = "name", .required = true},
    {.record = R::kSysctl, .name = "value", .required = true},

    {.record = R::kVolume, .name = "awsElasticBlockStore", .type = T::kRecord, .members = R::kAwsElasticBlockStore, .union_group = "source"},
    {.record = R::kVolume, .name = "azureDisk", .type = T::kRecord, .members = R::kAzureDisk, .union_group = "source"},
    {.record = R::kVolume, .name = "azureFile", .type = T::kRecord, .members = R::kAzureFile, .union_group = "source"},
    {.record = R::kVolume, .name = "cephfs", .type = T::kRecord, .members = R::kCephFs, .union_group = "source"},
    {.record = R::kVolume, .name = "cinder", .type = T::kRecord, .members = R::kCinder, .union_group = "source"},
    {.record = R::kVolume, .name = "configMap", .type = T::kRecord, .members = R::kConfigMap, .union_group = "source"},
    {.record = R::kVolume, .name = "csi", .type = T::kRecord, .members = R::kCsi, .union_group = "source"},
    {.record = R::kVolume, .name = "downwardAPI", .type = T::kRecord, .members = R::kDownwardApi, .union_group = "source"},
    {.record = R::kVolume, .name = "emptyDir", .type = T::kRecord, .members = R::kEmptyDir, .union_group = "source"},
    {.record = R::kVolume, .name = "ephemeral", .type = T::kRecord, .members = R::kEphemeral, .union_group = "source"},
    {.record = R::kVolume, .name = "fc", .type = T::kRecord, .members = R::kFibreChannel, .union_group = "source"},
    {.record = R::kVolume, .name = "flexVolume", .type = T::kRecord, .members = R::kFlexVolume, .union_group = "source"},
    {.record = R::kVolume, .name = "flocker", .type = T::kRecord, .members = R::kFlocker, .union_group = "source"},
    {.record = R::kVolume, .name = "gcePersistentDisk", .type = T::kRecord, .members = R::kGcePersistentDisk, .union_group = "source"},
    {.record = R::kVolume, .name = "gitRepo", .type = T::kRecord, .members = R::kGitRepo, .union_group = "source"},
    {.record = R::kVolume, .name = "glusterfs", .type = T::kRecord, .members = R::kGlusterFs, .union_group = "source"},
    {.record = R::kVolume, .name = "hostPath", .type = T::kRecord, .members = R::kHostPath, .union_group = "source", .closed = true},
    {.record = R::kVolume, .name = "image", .type = T::kRecord, .members = R::kImageVolume, .union_group = "source"},
    {.record = R::kVolume, .name = "iscsi", .type = T::kRecord, .members = R::kIscsi, .union_group = "source"},
    {.record = R::kVolume, .name = "name", .format = F::kDnsLabel, .required = true},
    {.record = R::kVolume, .name = "nfs", .type = T::kRecord, .members = R::kNfs, .union_group = "source"},
    {.record = R::kVolume, .name = "persistentVolumeClaim", .type = T::kRecord, .members = R::kPersistentVolumeClaim, .union_group = "source"},
    {.record = R::kVolume, .name = "photonPersistentDisk", .type = T::kRecord, .members = R::kPhotonPersistentDisk, .union_group = "source"},
    {.record = R::kVolume, .name = "portworxVolume", .type = T::kRecord, .members = R::kPortworx, .union_group = "source"},
    {.record = R::kVolume, .name = "projected", .type = T::kRecord, .members = R::kProjected, .union_group = "source"},
    {.record = R::kVolume, .name = "quobyte", .type = T::kRecord, .members = R::kQuobyte, .union_group = "source"},
    {.record = R::kVolume, .name = "rbd", .type = T::kRecord, .members = R::kRbd, .union_group = "source"},
    {.record = R::kVolume, .name = "scaleIO", .type = T::kRecord, .members = R::kScaleIo, .union_group = "source"},
    {.record = R::kVolume, .name = "secret", .type = T::kRecord, .members = R::kSecret, .union_group = "source"},
    {.record = R::kVolume, .name = "storageos", .type = T::kRecord, .members = R::kStorageOs, .union_group = "source"},
    {.record = R::kVolume, .name = "vsphereVolume", .type = T::kRecord, .members = R::kVsphere, .union_group = "source"},

    {.record = R::kAwsElasticBlockStore, .name = "fsType"},
    {.record = R::kAwsElasticBlockStore, .name = "partition", .type = T::kInteger},
    {.record = R::kAwsElasticBlockStore, .name = "readOnly", .type = T::kBool},
    {.record = R::kAwsElasticBlockStore, .name = "volumeID", .required = true},

    {.record = R::kAzureDisk, .name = "cachingMode", .values = "None ReadOnly ReadWrite"},
    {.record = R::kAzureDisk, .name = "diskName", .required = true},
    {.record = R::kAzureDisk, .name = "diskURI", .required = true},
    {.record = R::kAzureDisk, .name = "fsType"},
    {.record = R::kAzureDisk, .name = "kind", .values = "Shared Dedicated Managed"},
    {.record = R::kAzureDisk, .name = "readOnly", .type = T::kBool},

    {.record = R::kAzureFile, .name = "readOnly", .type = T::kBool},
    {.record = R::kAzureFile, .name = "secretName", .format = F::kDnsSubdomain, .required = true},
    {.record = R::kAzureFile, .name = "shareName", .required = true},

    {.record = R::kCephFs, .name = "monitors", .type = T::kStringList, .required = true},
    {.record = R::kCephFs, .name = "path"},
    {.record = R::kCephFs, .name = "readOnly", .type = T::kBool},
    {.record = R::kCephFs, .name = "secretFile"},
    {.record = R::kCephFs, .name = "secretRef", .type = T::kRecord, .members = R::kReference},
    {.record = R::kCephFs, .name = "user"},

    {.record = R::kCinder, .name = "fsType"},
    {.record = R::kCinder, .name = "readOnly", .type = T::kBool},
    {.record = R::kCinder, .name = "secretRef", .type = T::kRecord, .members = R::kReference},
    {.record = R::kCinder, .name = "volumeID", .required = true},

    {.record = R::kConfigMap, .name = "defaultMode", .type = T::kInteger, .range = kFileMode},
    {.record = R::kConfigMap, .name = "items", .type = T::kRecordList, .members = R::kKeyToPath},
    {.record = R::kConfigMap, .name = "name", .format = F::kDnsSubdomain},
    {.record = R::kConfigMap, .name = "optional", .type = T::kBool},

    {.record = R::kCsi, .name = "driver", .required = true},
    {.record = R::kCsi, .name = "fsType"},
    {.record = R::kCsi, .name = "nodePublishSecretRef", .type = T::kRecord, .members = R::kReference},
    {.record = R::kCsi, .name = "readOnly", .type = T::kBool},
    {.record = R::kCsi, .name = "volumeAttributes", .type = T::kStringMap},

    {.record = R::kDownwardApi, .name = "defaultMode", .type = T::kInteger, .range = kFileMode},
    {.record = R::kDownwardApi, .name = "items", .type = T::kRecordList, .members = R::kDownwardApiFile},

    {.record = R::kEmptyDir, .name = "medium", .values = "Memory HugePages HugePages-*"},
    {.record = R::kEmptyDir, .name = "sizeLimit", .type = T::kQuantity, .format = F::kBytes},

    {.record = R::kEphemeral, .name = "volumeClaimTemplate", .type = T::kRecord, .members = R::kClaimTemplate},

    {.record = R::kFibreChannel, .name = "fsType"},
    {.record = R::kFibreChannel, .name = "lun", .type = T::kInteger},
    {.record = R::kFibreChannel, .name = "readOnly", .type = T::kBool},
    {.record = R::kFibreChannel, .name = "targetWWNs", .type = T::kStringList},
    {.record = R::kFibreChannel, .name = "wwids", .type = T::kStringList},

    {.record = R::kFlexVolume, .name = "driver", .required = true},
    {.record = R::kFlexVolume, .name = "fsType"},
    {.record = R::kFlexVolume, .name = "options", .type = T::kStringMap},
    {.record = R::kFlexVolume, .name = "readOnly", .type = T::kBool},
    {.record = R::kFlexVolume, .name = "secretRef", .type = T::kRecord, .members = R::kReference},

    {.record = R::kFlocker, .name = "datasetName"},
    {.record = R::kFlocker, .name = "datasetUUID"},

    {.record = R::kGcePersistentDisk, .name = "fsType"},
    {.record = R::kGcePersistentDisk, .name = "partition", .type = T::kInteger},
    {.record = R::kGcePersistentDisk, .name = "pdName", .required = true},
    {.record = R::kGcePersistentDisk, .name = "readOnly", .type = T::kBool},

    {.record = R::kGitRepo, .name = "directory"},
    {.record = R::kGitRepo, .name = "repository", .required = true},
    {.record = R::kGitRepo, .name = "revision"},

    {.record = R::kGlusterFs, .name = "endpoints", .required = true},
    {.record = R::kGlusterFs, .name = "path", .required = true},
    {.record = R::kGlusterFs, .name = "readOnly", .type = T::kBool},

    {.record = R::kHostPath, .name = "path", .required = true},
    {.record = R::kHostPath, .name = "type", .values = "DirectoryOrCreate Directory FileOrCreate File Socket CharDevice BlockDevice"},

    {.record = R::kImageVolume, .name = "pullPolicy", .values = "Always IfNotPresent Never"},
    {.record = R::kImageVolume, .name = "reference", .format = F::kImage},

    {.record = R::kIscsi, .name = "chapAuthDiscovery", .type = T::kBool},
    {.record = R::kIscsi, .name = "chapAuthSession", .type = T::kBool},
    {.record = R::kIscsi, .name = "fsType"},
    {.record = R::kIscsi, .name = "initiatorName"},
    {.record = R::kIscsi, .name = "iqn", .required = true},
    {.record = R::kIscsi, .name = "iscsiInterface"},
    {.record = R::kIscsi, .name = "lun", .type = T::kInteger, .range = kNotNegative, .required = true},
    {.record = R::kIscsi, .name = "portals", .type = T::kStringList},
    {.record = R::kIscsi, .name = "readOnly", .type = T::kBool},
    {.record = R::kIscsi, .name = "secretRef", .type = T::kRecord, .members = R::kReference},
    {.record = R::kIscsi, .name = "targetPortal", .required = true},

    {.record = R::kNfs, .name = "path", .required = true},
    {.record = R::kNfs, .name = "readOnly", .type = T::kBool},
    {.record = R::kNfs, .name = "server", .required = true},

    {.record = R::kPersistentVolumeClaim, .name = "claimName", .format = F::kDnsSubdomain, .required = true},
    {.record = R::kPersistentVolumeClaim, .name = "readOnly", .type = T::kBool},

    {.record = R::kPhotonPersistentDisk, .name = "fsType"},
    {.record = R::kPhotonPersistentDisk, .name = "pdID", .required = true},

    {.record = R::kPortworx, .name = "fsType"},
    {.record = R::kPortworx, .name = "readOnly", .type = T::kBool},
    {.record = R::kPortworx, .name = "volumeID", .required = true},

    {.record = R::kProjected, .name = "defaultMode", .type = T::kInteger, .range = kFileMode},
    {.record = R::kProjected, .name = "sources", .type = T::kRecordList, .members = R::kProjection},

    {.record = R::kQuobyte, .name = "group"},
    {.record = R::kQuobyte, .name = "readOnly", .type = T::kBool},
    {.record = R::kQuobyte, .name = "registry", .required = true},
    {.record = R::kQuobyte, .name = "tenant"},
    {.record = R::kQuobyte, .name = "user"},
    {.record = R::kQuobyte, .name = "volume", .required = true},

    {.record = R::kRbd, .name = "fsType"},
    {.record = R::kRbd, .name = "image", .required = true},
    {.record = R::kRbd, .name = "keyring"},
    {.record = R::kRbd, .name = "monitors", .type = T::kStringList, .required = true},
    {.record = R::kRbd, .name = "pool"},
    {.record = R::kRbd, .name = "readOnly", .type = T::kBool},
    {.record = R::kRbd, .name = "secretRef", .type = T::kRecord, .members = R::kReference},
    {.record = R::kRbd, .name = "user"},

    {.record = R::kScaleIo, .name = "fsType"},
    {.record = R::kScaleIo, .name = "gateway", .required = true},
    {.record = R::kScaleIo, .name = "protectionDomain"},
    {.record = R::kScaleIo, .name = "readOnly", .type = T::kBool},
    {.record = R::kScaleIo, .name = "secretRef", .type = T::kRecord, .members = R::kReference, .required = true},
    {.record = R::kScaleIo, .name = "sslEnabled", .type = T::kBool},
    {.record = R::kScaleIo, .name = "storageMode"},
    {.record = R::kScaleIo, .name = "storagePool"},
    {.record = R::kScaleIo, .name = "system", .required = true},
    {.record = R::kScaleIo, .name = "volumeName"},

    {.record = R::kSecret, .name = "defaultMode", .type = T::kInteger, .range = kFileMode},
    {.record = R::kSecret, .name = "items", .type = T::kRecordList, .members = R::kKeyToPath},
    {.record = R::kSecret, .name = "optional", .type = T::kBool},
    {.record = R::kSecret, .name = "secretName", .format = F::kDnsSubdomain},

    {.record = R::kStorageOs, .name = "fsType"},
    {.record = R::kStorageOs, .name = "readOnly", .type = T::kBool},
    {.record = R::kStorageOs, .name = "secretRef", .type = T::kRecord, .members = R::kReference},
    {.record = R::kStorageOs, .name = "volumeName"},
    {.record = R::kStorageOs, .name = "volumeNamespace"},

    {.record = R::kVsphere, .name = "fsType"},
    {.record = R::kVsphere, .name = "storagePolicyID"},
    {.record = R::kVsphere, .name = "storagePolicyName"},
    {.record = R::kVsphere, .name = "volumePath", .required = true},

    {.record = R::kKeyToPath, .name = "key", .required = true},
    {.record = R::kKeyToPath, .name = "mode", .type = T::kInteger, .range = kFileMode},
    {.record = R::kKeyToPath, .name = "path", .required = true},

    {.record = R::kDownwardApiFile, .name = "fieldRef", .type = T::kRecord, .members = R::kFieldReference},
    {.record = R::kDownwardApiFile, .name = "mode", .type = T::kInteger, .range = kFileMode},
    {.record = R::kDownwardApiFile, .name = "path", .required = true},
    {.record = R::kDownwardApiFile, .name = "resourceFieldRef", .type = T::kRecord, .members = R::kResourceReference},

    {.record = R::kProjection, .name = "clusterTrustBundle", .type = T::kRecord, .members = R::kClusterTrustBundle},
    {.record = R::kProjection, .name = "configMap", .type = T::kRecord, .members = R::kProjectedKeys},
    {.record = R::kProjection, .name = "downwardAPI", .type = T::kRecord, .members = R::kProjectedDownwardApi},
    {.record = R::kProjection, .name = "podCertificate", .type = T::kRecord, .members = R::kPodCertificate},
    {.record = R::kProjection, .name = "secret", .type = T::kRecord, .members = R::kProjectedKeys},
    {.record = R::kProjection, .name = "serviceAccountToken", .type = T::kRecord, .members = R::kServiceAccountToken},

    {.record = R::kProjectedKeys, .name = "items", .type = T::kRecordList, .members = R::kKeyToPath},
    {.record = R::kProjectedKeys, .name = "name", .format = F::kDnsSubdomain},
    {.record = R::kProjectedKeys, .name = "optional", .type = T::kBool},

    {.record = R::kProjectedDownwardApi, .name = "items", .type = T::kRecordList, .members = R::kDownwardApiFile},

    {.record = R::kClusterTrustBundle, .name = "labelSelector", .type = T::kRecord, .members = R::kLabelSelector},
    {.record = R::kClusterTrustBundle, .name = "name"},
    {.record = R::kClusterTrustBundle, .name = "optional", .type = T::kBool},
    {.record = R::kClusterTrustBundle, .name = "path", .required = true},
    {.record = R::kClusterTrustBundle, .name = "signerName"},

    {.record = R::kPodCertificate, .name = "certificateChainPath"},
    {.record = R::kPodCertificate, .name = "credentialBundlePath"},
    {.record = R::kPodCertificate, .name = "keyPath"},
    {.record = R::kPodCertificate, .name = "keyType", .required = true},
    {.record = R::kPodCertificate, .name = "maxExpirationSeconds", .type = T::kInteger},
    {.record = R::kPodCertificate, .name = "signerName", .required = true},
    {.record = R::kPodCertificate, .name = "userAnnotations", .type = T::kStringMap},

    {.record = R::kServiceAccountToken, .name = "audience"},
    {.record = R::kServiceAccountToken, .name = "expirationSeconds", .type = T::kInteger, .range = kNotNegativeLong},
    {.record = R::kServiceAccountToken, .name = "path", .required = true},

    {.record = R::kClaimTemplate, .name = "metadata", .type = T::kRecord, .members = R::kClaimMetadata},
    {.record = R::kClaimTemplate, .name = "spec", .type = T::kRecord, .members = R::kClaimSpec, .required = true},

    {.record = R::kClaimMetadata, .name = "annotations", .type = T::kStringMap, .format = F::kAnnotations},
    {.record = R::kClaimMetadata, .name = "labels", .type = T::kStringMap, .format = F::kLabels},

    {.record = R::kClaimSpec, .name = "accessModes", .type = T::kStringList, .values = "ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod"},
    {.record = R::kClaimSpec, .name = "dataSource", .type = T::kRecord, .members = R::kTypedReference},
    {.record = R::kClaimSpec, .name = "dataSourceRef", .type = T::kRecord, .members = R::kTypedReference},
    {.record = R::kClaimSpec, .name = "resources", .type = T::kRecord, .members = R::kClaimResources},
    {.record = R::kClaimSpec, .name = "selector", .type = T::kRecord, .members = R::kLabelSelector},
    {.record = R::kClaimSpec, .name = "storageClassName", .format = F::kDnsSubdomain},
    {.record = R::kClaimSpec, .name = "volumeAttributesClassName", .format = F::kDnsSubdomain},
    {.record = R::kClaimSpec, .name = "volumeMode", .values = "Filesystem Block"},
    {.record = R::kClaimSpec, .name = "volumeName", .format = F::kDnsSubdomain},

    {.record = R::kClaimResources, .name = "limits", .type = T::kQuantityMap},
    {.record = R::kClaimResources, .name = "requests", .type = T::kQuantityMap},

    {.record = R::kAffinity, .name = "nodeAffinity", .type = T::kRecord, .members = R::kNodeAffinity},
    {.record = R::kAffinity, .name = "podAffinity", .type = T::kRecord, .members = R::kPodAffinity},
    {.record = R::kAffinity, .name = "podAntiAffinity", .type = T::kRecord, .members = R::kPodAffinity},

    {.record = R::kNodeAffinity, .name = "preferredDuringSchedulingIgnoredDuringExecution", .type = T::kRecordList, .members = R::kPreferredNodeTerm},
    {.record = R::kNodeAffinity, .name = "requiredDuringSchedulingIgnoredDuringExecution", .type = T::kRecord, .members = R::kNodeSelector},

    {.record = R::kNodeSelector, .name = "nodeSelectorTerms", .type = T::kRecordList, .members = R::kNodeSelectorTerm, .required = true},

    {.record = R::kNodeSelectorTerm, .name = "matchExpressions", .type = T::kRecordList, .members = R::kNodeExpression},
    {.record = R::kNodeSelectorTerm, .name = "matchFields", .type = T::kRecordList, .members = R::kNodeExpression},

    {.record = R::kPreferredNodeTerm, .name = "preference", .type = T::kRecord, .members = R::kNodeSelectorTerm, .required = true},
    {.record = R::kPreferredNodeTerm, .name = "weight", .type = T::kInteger, .range = kWeight, .required = true},

    {.record = R::kPodAffinity, .name = "preferredDuringSchedulingIgnoredDuringExecution", .type = T::kRecordList, .members = R::kWeightedPodTerm},
    {.record = R::kPodAffinity, .name = "requiredDuringSchedulingIgnoredDuringExecution", .type = T::kRecordList, .members = R::kPodAffinityTerm},

    {.record = R::kPodAffinityTerm, .name = "labelSelector", .type = T::kRecord, .members = R::kLabelSelector},
    {.record = R::kPodAffinityTerm, .name = "matchLabelKeys", .type = T::kStringList, .format = F::kLabelKey},
    {.record = R::kPodAffinityTerm, .name = "mismatchLabelKeys", .type = T::kStringList, .format = F::kLabelKey},
    {.record = R::kPodAffinityTerm, .name = "namespaceSelector", .type = T::kRecord, .members = R::kLabelSelector},
    {.record = R::kPodAffinityTerm, .name = "namespaces", .type = T::kStringList, .format = F::kDnsLabel},
    {.record = R::kPodAffinityTerm, .name = "topologyKey", .format = F::kLabelKey, .required = true},

    {.record = R::kWeightedPodTerm, .name = "podAffinityTerm", .type = T::kRecord, .members = R::kPodAffinityTerm, .required = true},
    {.record = R::kWeightedPodTerm, .name = "weight", .type = T::kInteger, .range = kWeight, .required = true},

    {.record = R::kNodeExpression, .name = "key", .format = F::kLabelKey, .required = true},
    {.record = R::kNodeExpression, .name = "operator", .values = "In NotIn Exists DoesNotExist Gt Lt", .required = true},
    {.record = R::kNodeExpression, .name = "values", .type = T::kStringList},

    {.record = R::kLabelSelector, .name = "matchExpressions", .type = T::kRecordList, .members = R::kLabelExpression},
    {.record = R::kLabelSelector, .name = "matchLabels", .type = T::kStringMap, .format = F::kLabels},

    {.record = R::kLabelExpression, .name = "key", .format = F::kLabelKey, .required = true},
    {.record = R::kLabelExpression, .name = "operator", .values = "In NotIn Exists DoesNotExist", .required = true},
    {.record = R::kLabelExpression, .name = "values", .type = T::kStringList},

    {.record = R::kToleration, .name = "effect", .values = "NoSchedule PreferNoSchedule NoExecute"},
    {.record = R::kToleration, .name = "key", .format = F::kLabelKey},
    {.record = R::kToleration, .name = "operator", .values = "Equal Exists Lt Gt"},
    {.record = R::kToleration, .name = "tolerationSeconds", .type = T::kInteger, .range = kAnyLong},
    {.record = R::kToleration, .name = "value"},

    {.record = R::kTopologySpread, .name = "labelSelector", .type = T::kRecord, .members = R::kLabelSelector},
    {.record = R::kTopologySpread, .name = "matchLabelKeys", .type = T::kStringList, .format = F::kLabelKey},
    {.record = R::kTopologySpread, .name = "maxSkew", .type = T::kInteger, .range = kPositive, .required = true},
    {.record = R::kTopologySpread, .name = "minDomains", .type = T::kInteger, .range = kPositive},
    {.record = R::kTopologySpread, .name = "nodeAffinityPolicy", .values = "Honor Ignore"},
    {.record = R::kTopologySpread, .name = "nodeTaintsPolicy", .values = "Honor Ignore"},
    {.record = R::kTopologySpread, .name = "topologyKey", .format = F::kLabelKey, .required = true},
    {.record = R::kTopologySpread, .name = "whenUnsatisfiable", .values = "DoNotSchedule ScheduleAnyway", .required = true},

    {.record = R::kHostAlias, .name = "hostnames", .type = T::kStringList, .format = F::kDnsSubdomain},
    {.record = R::kHostAlias, .name = "ip", .required = true},

    {.record = R::kDnsConfig, .name = "nameservers", .type = T::kStringList},
    {.record = R::kDnsConfig, .name = "options", .type = T::kRecordList, .members = R::kDnsOption},
    {.record = R::kDnsConfig, .name = "searches", .type = T::kStringList},

    {.record = R::kDnsOption, .name = "name"},
    {.record = R::kDnsOption, .name = "value"},

    {.record = R::kReadinessGate, .name = "conditionType", .format = F::kLabelKey, .required = true},

    {.record = R::kSchedulingGate, .name = "name", .format = F::kLabelKey, .required = true},

    {.record = R::kResourceClaim, .name = "name", .format = F::kDnsLabel, .required = true},
    {.record = R::kResourceClaim, .name = "resourceClaimName", .union_group = "source", .format = F::kDnsSubdomain},
    {.record = R::kResourceClaim, .name = "resourceClaimTemplateName", .union_group = "source", .format = F::kDnsSubdomain},

    {.record = R::kOs, .name = "name", .values = "linux windows", .required = true},
};

constexpr std::string_view kRecordNames[] = {
    "value",
    "pod spec",
    "container",
    "ephemeral container",
    "environment variable",
    "source of an environment variable",
    "source of environment variables",
    "container port",
    "volume mount",
    "volume device",
    "resources",
    "use of a resource claim",
    "resize policy",
    "restart rule",
    "exit codes",
    "probe",
    "lifecycle",
    "lifecycle handler",
    "exec handler",
    "HTTP handler",
    "HTTP header",
    "TCP handler",
    "gRPC handler",
    "sleep handler",
    "reference",
    "reference",
    "key reference",
    "file reference",
    "field reference",
    "resource reference",
    "object reference",
    "security context",
    "pod security context",
    "capabilities",
    "SELinux options",
    "security profile",
    "Windows options",
    "sysctl",
    "volume",
    "AWS disk",
    "Azure disk",
    "Azure file share",
    "CephFS volume",
    "Cinder volume",
    "config map volume",
    "CSI volume",
    "downward API volume",
    "emptyDir volume",
    "ephemeral volume",
    "fibre channel volume",
    "flex volume",
    "Flocker volume",
    "GCE disk",
    "git volume",
    "Gluster volume",
    "host path",
    "image volume",
    "iSCSI volume",
    "NFS volume",
    "claim volume",
    "Photon disk",
    "Portworx volume",
    "projected volume",
    "Quobyte volume",
    "RBD volume",
    "ScaleIO volume",
    "secret volume",
    "StorageOS volume",
    "vSphere volume",
    "file",
    "file",
    "projection",
    "projected keys",
    "projected downward API",
    "trust bundle",
    "pod certificate",
    "service account token",
    "claim template",
    "claim metadata",
    "claim spec",
    "claim resources",
    "affinity",
    "node affinity",
    "node selector",
    "node selector term",
    "preferred node term",
    "pod affinity",
    "pod affinity term",
    "weighted pod affinity term",
    "node expression",
    "label selector",
    "label expression",
    "toleration",
    "topology spread constraint",
    "host alias",
    "DNS config",
    "DNS option",
    "readiness gate",
    "scheduling gate",
    "resource claim",
    "operating system",
};
// clang-format on
static_assert(std::size(kRecordNames) == kPodRecordCount);

// Rows of one record stand together, sorted by name, records in the order of the enumerators.
constexpr bool InOrder() {
  for (size_t i = 1; i < std::size(kFields); ++i) {
    const PodField& before = kFields[i - 1];
    const PodField& row = kFields[i];
    if (row.record < before.record || (row.record == before.record && row.name <= before.name)) return false;
  }
  return true;
}
static_assert(InOrder(), "PodFieldsOf gives a record's rows as one span");

struct Rows {
  size_t first = 0;
  size_t count = 0;
};

constexpr std::array<Rows, kPodRecordCount> RowsOfRecords() {
  std::array<Rows, kPodRecordCount> rows = {};
  for (size_t i = 0; i < std::size(kFields); ++i) {
    Rows& of = rows[static_cast<size_t>(kFields[i].record)];
    if (of.count++ == 0) of.first = i;
  }
  return rows;
}
constexpr std::array<Rows, kPodRecordCount> kRows = RowsOfRecords();

constexpr const PodField* Find(PodRecord record, std::string_view name) {
  const Rows& rows = kRows[static_cast<size_t>(record)];
  for (size_t i = rows.first; i < rows.first + rows.count; ++i) {
    if (kFields[i].name == name) return &kFields[i];
  }
  return nullptr;
}

constexpr bool HasMembers(PodType type) {
  return type == T::kRecord || type == T::kRecordList || type == T::kKeyedList;
}

constexpr bool MembersAreKnown() {
  for (const PodField& row : kFields) {
    if (HasMembers(row.type) != (row.members != R::kNone)) return false;
    if (row.members != R::kNone && kRows[static_cast<size_t>(row.members)].count == 0) return false;
  }
  return true;
}
static_assert(MembersAreKnown(), "objects and lists of objects name a record that has rows");

constexpr bool KeysAreMembers() {
  for (const PodField& row : kFields) {
    if ((row.type == T::kKeyedList) == row.merge_keys[0].empty()) return false;
    for (std::string_view key : row.merge_keys) {
      if (key.empty()) continue;
      const PodField* member = Find(row.members, key);
      if (member == nullptr || (member->type != T::kString && member->type != T::kInteger)) return false;
    }
    if (!row.default_key.empty() && row.merge_keys[1].empty()) return false;
  }
  return true;
}
static_assert(KeysAreMembers(), "keyed lists, and no others, name scalar members of their elements as merge keys");

constexpr bool UnionsHaveAlternatives() {
  for (const PodField& row : kFields) {
    if (row.union_group.empty()) continue;
    size_t alternatives = 0;
    for (const PodField& other : kFields) {
      if (other.record != row.record || other.union_group.empty()) continue;
      if (other.union_group != row.union_group) return false;
      ++alternatives;
    }
    if (alternatives < 2) return false;
  }
  return true;
}
static_assert(UnionsHaveAlternatives(), "a record has one group at most, of at least two members");

// Which records have a closed field, or one further below.
constexpr std::array<bool, kPodRecordCount> RecordsWithClosedFields() {
  std::array<bool, kPodRecordCount> holds = {};
  for (bool changed = true; changed;) {
    changed = false;
    for (const PodField& row : kFields) {
      bool& of = holds[static_cast<size_t>(row.record)];
      if (of || !(row.closed || holds[static_cast<size_t>(row.members)])) continue;
      of = changed = true;
    }
  }
  return holds;
}
constexpr std::array<bool, kPodRecordCount> kHoldsClosed = RecordsWithClosedFields();

}  // namespace

std::span<const PodField> PodFields() { return kFields; }

std::span<const PodField> PodFieldsOf(PodRecord record) {
  const Rows& rows = kRows[static_cast<size_t>(record)];
  return PodFields().subspan(rows.first, rows.count);
}

const PodField* FindPodField(PodRecord record, std::string_view name) { return Find(record, name); }

bool HoldsClosedField(PodRecord record) { return kHoldsClosed[static_cast<size_t>(record)]; }

std::string_view PodRecordName(PodRecord record) { return kRecordNames[static_cast<size_t>(record)]; }

PodShape PodShapeOf(PodShape object, std::string_view member) {
  if (object.record == PodRecord::kNone) return object;  // of a map of texts: its values
  const PodField* field = FindPodField(object.record, member);
  if (field == nullptr) return {};
  switch (field->type) {
    case PodType::kString:
    case PodType::kStringMap:
    case PodType::kStringList:
      return {.record = PodRecord::kNone, .text = true};
    case PodType::kQuantity:
    case PodType::kQuantityMap:
      return {.record = PodRecord::kNone, .quantity = true};
    case PodType::kRecord:
    case PodType::kRecordList:
    case PodType::kKeyedList:
      return {.record = field->members};
    case PodType::kBool:
    case PodType::kInteger:
    case PodType::kIntegerOrString:
    case PodType::kIntegerList:
      break;
  }
  return {};
}

}  // namespace berth
