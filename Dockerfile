# syntax=docker/dockerfile:1

# The production image: the binary without the Temporal server (it uses a cluster)
# and the root certificates. No shell, no packages, no root user.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -tags noembedded -trimpath -ldflags "-s -w -X github.com/everlatch/everlatch/cli.version=${VERSION}" -o /out/everlatch ./cmd/everlatch \
    && echo 'everlatch:x:65532:65532::/:/everlatch' > /out/passwd

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /out/passwd /etc/passwd
COPY --from=build /out/everlatch /everlatch
USER 65532:65532
# The loopback interface of a container cannot be reached from outside.
ENV EVERLATCH_HTTP_ADDRESS=0.0.0.0:9000
EXPOSE 9000
# Checks the API; a worker has a different address, see docker-compose.yml.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/everlatch", "health"]
ENTRYPOINT ["/everlatch"]
CMD ["serve"]
