# syntax=docker/dockerfile:1

# The published image: the same as ../Dockerfile, with the binary that the
# release has already built.
FROM debian:12-slim AS base
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates tzdata \
    && echo 'everlatch:x:65532:65532::/:/everlatch' > /passwd

FROM scratch
ARG TARGETPLATFORM
COPY --from=base /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=base /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=base /passwd /etc/passwd
COPY $TARGETPLATFORM/everlatch /everlatch
USER 65532:65532
ENV EVERLATCH_HTTP_ADDRESS=0.0.0.0:9000
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/everlatch", "health"]
ENTRYPOINT ["/everlatch"]
CMD ["serve"]
