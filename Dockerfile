# One image of one of the three applications; build them first: mvn -DskipTests package
#   docker build --build-arg MODULE=ingress-api --build-arg MANAGEMENT_PORT=9080 -t ticketing/ingress-api .
# The same file makes amd64 and arm64 (docker buildx build --platform linux/amd64,linux/arm64 ...).

FROM eclipse-temurin:25-jre AS unpacked
ARG MODULE
WORKDIR /unpacked
COPY ${MODULE}/target/${MODULE}-1.0.0.jar app.jar
RUN java -Djarmode=tools -jar app.jar extract --layers --destination layers \
 && mkdir -p layers/dependencies layers/snapshot-dependencies layers/application

# Layers from what changes least to what changes most.
FROM eclipse-temurin:25-jre AS application
WORKDIR /app
COPY --from=unpacked /unpacked/layers/dependencies/ ./
COPY --from=unpacked /unpacked/layers/snapshot-dependencies/ ./
COPY --from=unpacked /unpacked/layers/application/ ./

# Starts the application once, up to the point where it would connect to something, and keeps what the
# JVM has loaded and linked by then. It must be the same JVM and the same jars as in the image.
FROM application AS trained
COPY docker/train /usr/local/bin/train
RUN train

FROM application
ARG MANAGEMENT_PORT
COPY --from=trained /app/app.aot ./
COPY docker/health docker/start /usr/local/bin/
ENV TICKETING_MANAGEMENT_PORT=${MANAGEMENT_PORT}
# A number, so that whoever runs it can see that it is not root. Nothing is written but to /tmp, which may be
# a tmpfs on a read-only root file system.
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["health"]
ENTRYPOINT ["start"]
