package ticketing.ingress.page;

import java.io.IOException;
import java.time.Duration;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.resource.PathResourceResolver;

/// Addresses of the page files. Files under the current hash are immutable. During a rolling
/// deployment a request for the hash of another version gets the files of this one, not cached.
@Configuration(proxyBeanMethods = false)
class PageFileConfiguration implements WebMvcConfigurer {

  private static final Duration IMMUTABLE_LIFETIME = Duration.ofDays(365);
  private static final String LOCATION = "classpath:/static" + PageFiles.FOLDER;

  private final PageFiles files;

  PageFileConfiguration(PageFiles files) {
    this.files = files;
  }

  @Override
  public void addResourceHandlers(ResourceHandlerRegistry registry) {
    registry
        .addResourceHandler(files.path() + "/**")
        .addResourceLocations(LOCATION)
        .setUseLastModified(false)
        .setCacheControl(CacheControl.maxAge(IMMUTABLE_LIFETIME).cachePublic().immutable());
    registry
        .addResourceHandler(PageFiles.FOLDER + "{hash:[0-9a-f]{16}}/**")
        .addResourceLocations(LOCATION)
        .setUseLastModified(false)
        .setCacheControl(CacheControl.noStore())
        .resourceChain(false)
        .addResolver(new AnyHashResolver());
  }

  /// Ignores the hash, which is the first segment of the path.
  private static final class AnyHashResolver extends PathResourceResolver {

    @Override
    protected Resource getResource(String path, Resource location) throws IOException {
      return super.getResource(path.substring(path.indexOf('/') + 1), location);
    }
  }
}
