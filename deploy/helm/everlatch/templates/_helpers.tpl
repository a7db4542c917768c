{{- define "everlatch.name" -}}
{{- if contains "everlatch" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-everlatch" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "everlatch.selector" -}}
app.kubernetes.io/name: everlatch
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "everlatch.labels" -}}
{{ include "everlatch.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "everlatch.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (ternary (include "everlatch.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "everlatch.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "everlatch.build" -}}
{{- .Values.versions.buildId | default .Values.image.tag | default (.Values.image.digest | trimPrefix "sha256:" | trunc 12) | default .Chart.AppVersion }}
{{- end }}

{{- /* The build id as a part of names and as a label. */}}
{{- define "everlatch.buildLabel" -}}
{{- include "everlatch.build" . | lower | replace "." "-" | replace "_" "-" | replace "+" "-" | trunc 20 | trimSuffix "-" }}
{{- end }}

{{- /* everlatch.yaml; what belongs to pods is in their environment. */}}
{{- define "everlatch.config" -}}
everlatch.yaml: |
  {{- toYaml .Values.config | nindent 2 }}
{{- end }}

{{- /* What API, workers and migration share of a pod: root, component and config, the
name of the ConfigMap. */}}
{{- define "everlatch.pod" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: config
    configMap: { name: {{ .config }} }
  {{- with .root.Values.temporal.clientCertificateSecret }}
  - name: temporal-client
    secret: { secretName: {{ . }}, defaultMode: 0440 }
  {{- end }}
  {{- with .root.Values.temporal.serverCASecret }}
  - name: temporal-ca
    secret: { secretName: {{ . }}, defaultMode: 0440 }
  {{- end }}
{{- end }}

{{- define "everlatch.container" -}}
image: {{ include "everlatch.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
envFrom:
  - secretRef: { name: {{ required "existingSecret: name the Secret with DATABASE_URL, JWT_SECRET, COOKIE_SECRET and EVERLATCH_ENCRYPTION_KEYS" .root.Values.existingSecret }} }
volumeMounts:
  - { name: config, mountPath: /etc/everlatch, readOnly: true }
  {{- if .root.Values.temporal.clientCertificateSecret }}
  - { name: temporal-client, mountPath: /etc/temporal/client, readOnly: true }
  {{- end }}
  {{- if .root.Values.temporal.serverCASecret }}
  - { name: temporal-ca, mountPath: /etc/temporal/ca, readOnly: true }
  {{- end }}
{{- end }}

{{- define "everlatch.env" -}}
- { name: EVERLATCH_CONFIG, value: /etc/everlatch/everlatch.yaml }
- { name: TEMPORAL_ADDRESS, value: {{ .Values.temporal.address | quote }} }
- { name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }} }
{{- if .Values.temporal.tls }}
- { name: TEMPORAL_TLS, value: "true" }
{{- end }}
{{- with .Values.temporal.serverName }}
- { name: TEMPORAL_TLS_SERVER_NAME, value: {{ . | quote }} }
{{- end }}
{{- if .Values.temporal.clientCertificateSecret }}
- { name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/temporal/client/tls.crt }
- { name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/temporal/client/tls.key }
{{- end }}
{{- if .Values.temporal.serverCASecret }}
- { name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/temporal/ca/ca.crt }
{{- end }}
{{- if .Values.versions.enabled }}
- { name: TEMPORAL_DEPLOYMENT_NAME, value: {{ include "everlatch.name" . | quote }} }
- { name: TEMPORAL_WORKER_BUILD_ID, value: {{ include "everlatch.build" . | quote }} }
- { name: EVERLATCH_TEMPORAL_DEPLOYMENT_PROMOTE, value: manual }
{{- end }}
{{- range $name, $value := .Values.env }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- /* Where the pods of a component are scheduled: on different nodes and zones. */}}
{{- define "everlatch.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "everlatch.selector" (dict "root" $.root "component" $.component) | nindent 8 }}
  {{- end }}
{{- end }}
