package ticketing.ingress.http;

import java.beans.PropertyEditorSupport;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.web.bind.WebDataBinder;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.InitBinder;

/// Applies [StrictParser] to the parameters of every handler. Editors, because Spring tries its
/// lenient default editor after a converter fails.
@ControllerAdvice
class StrictParameterBinding {

  @InitBinder
  void registerEditors(WebDataBinder binder) {
    binder.registerCustomEditor(long.class, new Editor(StrictParser::parseLong));
    binder.registerCustomEditor(int.class, new Editor(StrictParser::parseInt));
    binder.registerCustomEditor(UUID.class, new Editor(StrictParser::parseUuid));
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
