package compose_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// read reads docker-compose.yml as `docker compose --env-file … config --profile '*'` does: it
// checks the schema, fills in the variables and resolves what services refer to.
func read(t *testing.T, envFile string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithWorkingDirectory(root), cli.WithEnvFiles(envFile), cli.WithDotEnv, cli.WithProfiles([]string{"*"}))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func TestCompose(t *testing.T) {
	t.Parallel()
	project, err := read(t, filepath.Join(root, ".env.example"))
	require.NoError(t, err)
	names := slices.Sorted(maps.Keys(project.Services))
	require.Subset(t, names, []string{"api", "postgres", "temporal", "worker"})
	for name, service := range project.Services {
		for other := range service.DependsOn {
			require.Contains(t, names, other, "%s waits for it", name)
			if service.DependsOn[other].Condition == types.ServiceConditionHealthy {
				require.NotNil(t, project.Services[other].HealthCheck, "%s waits until %s is healthy", name, other)
			}
		}
		require.True(t, service.Image != "" || service.Build != nil, "%s has an image", name)
	}
}

// TestComposeNamesWhatIsMissing starts nothing with an empty secret.
func TestComposeNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	_, err := read(t, empty)
	require.ErrorContains(t, err, "required variable")
}
