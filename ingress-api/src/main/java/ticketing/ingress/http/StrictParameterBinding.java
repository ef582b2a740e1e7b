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
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ValueConstants;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerMapping;
import ticketing.ingress.problem.ApiException;

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
        refuseEmpty(parameter, binder.getObjectName(), request);
        if (type.isEnum()) {
          binder.registerCustomEditor(type, new Editor(text -> StrictParser.parseEnum(type, text)));
        }
      }
    }
  }

  /// Spring replaces an empty value by the default value ahead of the editors.
  private static void refuseEmpty(
      MethodParameter parameter, String name, HttpServletRequest request) {
    boolean hasDefault =
        parameter.getParameterAnnotation(RequestParam.class) instanceof RequestParam annotation
            && !annotation.defaultValue().equals(ValueConstants.DEFAULT_NONE);
    if (hasDefault
        && name.equals(parameter.getParameterName())
        && parameter.getParameterType() != String.class
        && "".equals(request.getParameter(name))) {
      throw ApiException.invalid(name, "has the wrong format");
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
