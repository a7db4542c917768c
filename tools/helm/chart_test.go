package helm_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const (
	chart     = "../../deploy/helm/everlatch"
	manifests = "../../deploy/kubernetes/everlatch.yaml"
)

// kinds are what the chart may contain. Decoding into them is strict: a field that
// Kubernetes doesn't know is an error.
var kinds = map[string]func() any{
	"Deployment":              func() any { return &apps.Deployment{} },
	"Job":                     func() any { return &batch.Job{} },
	"Service":                 func() any { return &core.Service{} },
	"ServiceAccount":          func() any { return &core.ServiceAccount{} },
	"ConfigMap":               func() any { return &core.ConfigMap{} },
	"PodDisruptionBudget":     func() any { return &policy.PodDisruptionBudget{} },
	"NetworkPolicy":           func() any { return &networking.NetworkPolicy{} },
	"Ingress":                 func() any { return &networking.Ingress{} },
	"HorizontalPodAutoscaler": func() any { return &autoscaling.HorizontalPodAutoscaler{} },
	"ServiceMonitor":          func() any { return &monitoring.ServiceMonitor{} },
}

func helm(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "helm"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	require.NoError(t, cmd.Run(), "%s%s", out.String(), problems.String())
	return out.Bytes()
}

func render(t *testing.T, args ...string) []byte {
	t.Helper()
	return helm(t, append([]string{"template", "everlatch", chart, "--namespace", "everlatch"}, args...)...)
}

// objects decodes what was rendered, by kind and name.
func objects(t *testing.T, rendered []byte) map[string]any {
	t.Helper()
	out := map[string]any{}
	for document := range strings.SplitSeq(string(rendered), "\n---\n") {
		var head struct {
			meta.TypeMeta `json:",inline"`

			Metadata meta.ObjectMeta `json:"metadata"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(document), &head))
		if head.Kind == "" {
			continue
		}
		require.Contains(t, kinds, head.Kind)
		object := kinds[head.Kind]()
		require.NoError(t, yaml.UnmarshalStrict([]byte(document), object), "%s", document)
		key := head.Kind + "/" + head.Metadata.Name
		require.NotContains(t, out, key, "twice")
		out[key] = object
	}
	return out
}

// valueFiles are the default values, and each example.
func valueFiles(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chart, "examples", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := map[string][]string{"defaults": nil}
	for _, file := range files {
		out[filepath.Base(file)] = []string{"-f", file}
	}
	return out
}

func TestChartIsValid(t *testing.T) {
	t.Parallel()
	for name, args := range valueFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			helm(t, append([]string{"lint", "--strict", chart}, args...)...)
			require.NotEmpty(t, objects(t, render(t, args...)))
		})
	}
}

// podsOf returns the templates of all pods.
func podsOf(all map[string]any) map[string]core.PodTemplateSpec {
	out := map[string]core.PodTemplateSpec{}
	for key, object := range all {
		switch o := object.(type) {
		case *apps.Deployment:
			out[key] = o.Spec.Template
		case *batch.Job:
			out[key] = o.Spec.Template
		}
	}
	return out
}

func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	for name, args := range valueFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pods := podsOf(objects(t, render(t, args...)))
			parts := 3
			if _, versioned := pods["Job/everlatch-rollout"]; versioned {
				parts++
			}
			require.Len(t, pods, parts)
			for key, pod := range pods {
				require.True(t, *pod.Spec.SecurityContext.RunAsNonRoot, key)
				require.Equal(t, core.SeccompProfileTypeRuntimeDefault, pod.Spec.SecurityContext.SeccompProfile.Type, key)
				require.False(t, *pod.Spec.AutomountServiceAccountToken, key)
				for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
					require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, key)
					require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, key)
					require.Equal(t, []core.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, key)
					require.Equal(t, "everlatch", c.EnvFrom[0].SecretRef.Name, key)
					require.False(t, c.Resources.Limits.Memory().IsZero(), key)
					require.True(t, c.Resources.Limits.Cpu().IsZero(), "%s: a limit of the CPU throttles password hashes", key)
				}
			}
		})
	}
}

func mounted(pod core.PodTemplateSpec, path string) (secret string) {
	for _, mount := range pod.Spec.Containers[0].VolumeMounts {
		if !strings.HasPrefix(path, mount.MountPath+"/") {
			continue
		}
		for _, volume := range pod.Spec.Volumes {
			if volume.Name == mount.Name && volume.Secret != nil {
				return volume.Secret.SecretName
			}
		}
	}
	return ""
}

func variables(pod core.PodTemplateSpec) map[string]string {
	out := map[string]string{}
	for _, v := range pod.Spec.Containers[0].Env {
		out[v.Name] = v.Value
	}
	return out
}

// Every pod reaches Temporal alike, with the files of the Secrets that the values name.
func TestTemporalCloud(t *testing.T) {
	t.Parallel()
	for key, pod := range podsOf(objects(t, render(t, "-f", chart+"/examples/temporal-cloud-mtls.yaml"))) {
		env := variables(pod)
		require.Equal(t, "shop.a1b2c.tmprl.cloud:7233", env["TEMPORAL_ADDRESS"], key)
		require.Equal(t, "true", env["TEMPORAL_TLS"], key)
		require.Equal(t, "temporal-client", mounted(pod, env["TEMPORAL_TLS_CLIENT_CERT_PATH"]), key)
		require.Equal(t, "temporal-client", mounted(pod, env["TEMPORAL_TLS_CLIENT_KEY_PATH"]), key)
	}
	for key, pod := range podsOf(objects(t, render(t, "-f", chart+"/examples/everything.yaml"))) {
		env := variables(pod)
		require.Equal(t, "temporal-ca", mounted(pod, env["TEMPORAL_TLS_SERVER_CA_CERT_PATH"]), key)
		require.Equal(t, "temporal.internal", env["TEMPORAL_TLS_SERVER_NAME"], key)
		require.Equal(t, "http://proxy.internal:3128", env["HTTPS_PROXY"], key)
	}
}

// A pod that stops answers for as long as the balancer needs, and has time to finish.
func TestPodsDrain(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t))
	api := all["Deployment/everlatch-api"].(*apps.Deployment)
	require.Equal(t, "10s", variables(api.Spec.Template)["EVERLATCH_HTTP_DRAIN_DELAY"])
	require.Greater(t, *api.Spec.Template.Spec.TerminationGracePeriodSeconds, int64(10+10), "drain_delay and stop_within")
	require.Equal(t, "/ready?for=reads", api.Spec.Template.Spec.Containers[0].ReadinessProbe.HTTPGet.Path)
	worker := all["Deployment/everlatch-worker"].(*apps.Deployment)
	require.Equal(t, "[interactive, slow, deliveries]", variables(worker.Spec.Template)["EVERLATCH_WORKER_QUEUES"])
	for _, key := range []string{"everlatch-api", "everlatch-worker"} {
		pdb := all["PodDisruptionBudget/"+key].(*policy.PodDisruptionBudget)
		require.Equal(t, 1, pdb.Spec.MaxUnavailable.IntValue())
		deployment := all["Deployment/"+key].(*apps.Deployment)
		require.Equal(t, deployment.Spec.Selector.MatchLabels, pdb.Spec.Selector.MatchLabels)
		require.Zero(t, deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue())
	}
}

// With versions, each has a Deployment of workers that Helm keeps and that selects its own
// pods, and a Job makes the version current once they poll.
func TestVersionsHaveTheirOwnWorkers(t *testing.T) {
	t.Parallel()
	versions := map[string]bool{}
	for _, tag := range []string{"v1.4.0", "v1.5.0_RC"} {
		all := objects(t, render(t, "--set", "versions.enabled=true,image.tag="+tag))
		rollout := all["Job/everlatch-rollout"].(*batch.Job)
		require.Equal(t, []string{"temporal", "deployment", "set-current", tag, "--wait", "10m"}, rollout.Spec.Template.Spec.Containers[0].Args)
		require.Equal(t, "post-install,post-upgrade", rollout.Annotations["helm.sh/hook"])
		for key, object := range all {
			worker, ok := object.(*apps.Deployment)
			if !ok || worker.Spec.Template.Labels["app.kubernetes.io/component"] != "worker" {
				continue
			}
			require.Equal(t, "keep", worker.Annotations["helm.sh/resource-policy"])
			require.Regexp(t, `^[a-z0-9-]+$`, worker.Name)
			label := worker.Spec.Selector.MatchLabels["everlatch.io/build"]
			require.NotEmpty(t, label)
			require.False(t, versions[label], "%s: pods of one version only", key)
			versions[label] = true
		}
		for key, pod := range podsOf(all) {
			require.Equal(t, tag, variables(pod)["TEMPORAL_WORKER_BUILD_ID"], key)
			require.Equal(t, "manual", variables(pod)["EVERLATCH_TEMPORAL_DEPLOYMENT_PROMOTE"], key)
		}
	}
	require.Len(t, versions, 2)
}

// Selectors select: the labels of the pods satisfy every Service, budget and policy.
func TestSelectorsMatch(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t, "-f", chart+"/examples/everything.yaml"))
	selected := func(selector map[string]string) (n int) {
		for _, pod := range podsOf(all) {
			matches := len(selector) > 0
			for k, v := range selector {
				matches = matches && pod.Labels[k] == v
			}
			if matches {
				n++
			}
		}
		return n
	}
	for key, object := range all {
		switch o := object.(type) {
		case *core.Service:
			require.Positive(t, selected(o.Spec.Selector), key)
		case *networking.NetworkPolicy:
			require.Equal(t, 1, selected(o.Spec.PodSelector.MatchLabels), key)
			require.Len(t, o.Spec.PolicyTypes, 2, key)
		case *policy.PodDisruptionBudget:
			require.Equal(t, 1, selected(o.Spec.Selector.MatchLabels), key)
		case *monitoring.ServiceMonitor:
			service := all["Service/everlatch-metrics"].(*core.Service)
			require.Subset(t, service.Labels, o.Spec.Selector.MatchLabels)
			require.Equal(t, service.Spec.Ports[0].Name, o.Spec.Endpoints[0].Port)
		}
	}
}

// The plain manifests are the chart with its default values.
func TestManifests(t *testing.T) {
	t.Parallel()
	rendered := "# Generated from deploy/helm: make manifests\n" + string(render(t))
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(manifests, []byte(rendered), 0o644))
	}
	kept, err := os.ReadFile(manifests)
	require.NoError(t, err)
	require.Equal(t, string(kept), rendered, "run: make manifests")
}

// Secrets are named, never contained.
func TestNoSecretIsContained(t *testing.T) {
	t.Parallel()
	for name, args := range valueFiles(t) {
		require.NotContains(t, string(render(t, args...)), "kind: Secret", name)
	}
}
