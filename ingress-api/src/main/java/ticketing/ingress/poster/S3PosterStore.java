package ticketing.ingress.poster;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/// Stores images in a bucket of Amazon S3.
final class S3PosterStore implements PosterStore {

  private final S3Client client;
  private final String bucket;

  S3PosterStore(S3Client client, String bucket) {
    this.client = client;
    this.bucket = bucket;
  }

  @Override
  public void put(PosterKey key, byte[] image) {
    call(() ->
        client.putObject(
            request -> request.bucket(bucket).key(key.path()).contentType("image/jpeg"),
            RequestBody.fromBytes(image)));
  }

  @Override
  public Optional<byte[]> find(PosterKey key) {
    return call(() -> {
      try {
        return Optional.of(
            client
                .getObjectAsBytes(request -> request.bucket(bucket).key(key.path()))
                .asByteArray());
      } catch (NoSuchKeyException e) {
        return Optional.empty();
      }
    });
  }

  @Override
  public void delete(PosterKey key) {
    call(() -> client.deleteObject(request -> request.bucket(bucket).key(key.path())));
  }

  @Override
  public List<StoredObject> list(String after, int max) {
    return call(() ->
        client
            .listObjectsV2(request ->
                request
                    .bucket(bucket)
                    .prefix(PosterKey.PREFIX)
                    .startAfter(after.isEmpty() ? null : after)
                    .maxKeys(max))
            .contents()
            .stream()
            .map(object -> new StoredObject(object.key(), object.lastModified()))
            .toList());
  }

  private static <T> T call(Supplier<T> request) {
    try {
      return request.get();
    } catch (SdkException e) {
      throw new UnavailableException(e);
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
