package ticketing.ingress.http;

import jakarta.servlet.http.HttpServletRequest;
import java.beans.PropertyEditorSupport;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.InitBinder;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerMapping;

/// Applies [StrictParser] to the parameters of every handler. Editors, because Spring tries its
/// lenient defaults after a converter fails: a blank enum value, for example, is then absent.
@ControllerAdvice
class StrictParameterBinding {

  @InitBinder
  void registerEditors(WebDataBinder binder, HttpServletRequest request) {
    binder.registerCustomEditor(long.class, new Editor(StrictParser::parseLong));
    binder.registerCustomEditor(Long.class, new Editor(StrictParser::parseLong));
    binder.registerCustomEditor(int.class, new Editor(StrictParser::parseInt));
    binder.registerCustomEditor(Integer.class, new Editor(StrictParser::parseInt));
    binder.registerCustomEditor(UUID.class, new Editor(StrictParser::parseUuid));
    binder.registerCustomEditor(Instant.class, new Editor(InstantParser::parseBound));
    if (request.getAttribute(HandlerMapping.BEST_MATCHING_HANDLER_ATTRIBUTE)
        instanceof HandlerMethod handler) {
      for (MethodParameter parameter : handler.getMethodParameters()) {
        Class<?> type = parameter.getParameterType();
        if (type.isEnum()) {
          binder.registerCustomEditor(type, new Editor(text -> StrictParser.parseEnum(type, text)));
        }
      }
    }
  }

  private static final class Editor extends PropertyEditorSupport {

    private final Function<String, Object> parser;

    Editor(Function<String, Object> parser) {
      this.parser = parser;
    }

    @Override
    public void setAsText(String text) {
      setValue(parser.apply(text));
    }
  }
}
