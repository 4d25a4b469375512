import ai.z.openapi.ZaiClient;
import ai.z.openapi.service.model.ChatCompletionCreateParams;
import ai.z.openapi.service.model.ChatCompletionResponse;
import ai.z.openapi.service.model.ChatFunction;
import ai.z.openapi.service.model.ChatMessage;
import ai.z.openapi.service.model.ChatThinking;
import ai.z.openapi.service.model.ChatTool;
import ai.z.openapi.service.model.Choice;
import ai.z.openapi.service.model.Delta;
import ai.z.openapi.service.model.ModelData;
import ai.z.openapi.service.model.ToolCalls;
import ai.z.openapi.service.model.Usage;
import ai.z.openapi.service.model.ZAiHttpException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The vendor's Java SDK: unary, stream, tools, errors, JWT mode. Its reader of streams throws on anything but `data:`
 * lines and single blank ones, so that it finishes says that the stream is written as the service writes it.
 */
public class ZaiSdk {
  static final String BASE_URL = System.getenv("GLM_BASE_URL") + "/";
  static final String API_KEY = System.getenv("GLM_API_KEY");
  static final ObjectMapper mapper = new ObjectMapper();
  static final ZaiClient client = client(API_KEY).build();
  static final ChatTool getWeather = ChatTool.builder()
      .type("function")
      .function(ChatFunction.builder()
          .name("get_weather")
          .description("获取指定城市的天气")
          .parameters(Map.of(
              "type", "object",
              "properties", Map.of("city", Map.of("type", "string", "description", "城市名称")),
              "required", List.of("city")))
          .build())
      .build();

  public static void main(String[] arguments) throws IOException {
    chat();
    stream();
    tools();
    errors();
    token();
    System.exit(0); // OkHttp keeps its connections, and so the program, for a while
  }

  static void chat() {
    ModelData answer = ask(client, params("你好，请介绍一下自己").thinking(thinking("enabled")).temperature(0.6f).maxTokens(1024));
    Choice choice = answer.getChoices().get(0);
    check("the answer ends with finish_reason stop", choice.getFinishReason().equals("stop"), choice);
    check("the answer is in Chinese", choice.getMessage().getContent().toString().matches("(?s).*\\p{IsHan}.*"), choice);
    check("the model shows its thinking", !choice.getMessage().getReasoningContent().isEmpty(), choice);
    check("the request has an id", answer.getRequestId().length() == 30, answer);
    checkUsage(answer.getUsage());
    ModelData quiet = ask(client, params("你好").thinking(thinking("disabled")));
    check("there is none when it is disabled", quiet.getChoices().get(0).getMessage().getReasoningContent() == null, quiet);
  }

  static void stream() {
    List<ModelData> chunks = streamed(params("写一首关于春天的诗"));
    ChatMessage whole = ask(client, params("写一首关于春天的诗")).getChoices().get(0).getMessage();
    check("the stream is many chunks", chunks.size() > 5, chunks.size());
    check("the deltas joined are the answer", joined(chunks, Delta::getContent).equals(whole.getContent()), chunks);
    check("and the thinking", joined(chunks, Delta::getReasoningContent).equals(whole.getReasoningContent()), chunks);
    ModelData last = chunks.get(chunks.size() - 1);
    check("the last chunk says stop", last.getChoices().get(0).getFinishReason().equals("stop"), last);
    checkUsage(last.getUsage());
  }

  static void tools() throws IOException {
    ChatMessage question = message("user", "北京今天天气怎么样？");
    Choice choice = ask(client, params(question).tools(List.of(getWeather)).toolChoice("auto")).getChoices().get(0);
    check("the model calls a function", choice.getFinishReason().equals("tool_calls"), choice);
    ToolCalls call = choice.getMessage().getToolCalls().get(0);
    checkWeatherCall(call);

    ChatMessage result = ChatMessage.builder()
        .role("tool").toolCallId(call.getId()).content("{\"temperature\": 21}").build();
    ModelData last = ask(client, params(question, choice.getMessage(), result).tools(List.of(getWeather)));
    check("the final answer uses the result", last.toString().contains("21"), last);

    List<ToolCalls> calls = new ArrayList<>();
    for (ModelData chunk : streamed(params(question).tools(List.of(getWeather)))) {
      List<ToolCalls> some = chunk.getChoices().get(0).getDelta().getTool_calls();
      if (some != null) calls.addAll(some);
    }
    check("a streamed call comes whole, in one chunk", calls.size() == 1, calls);
    checkWeatherCall(calls.get(0));
  }

  static void errors() {
    ZaiClient nobody = client("0123456789abcdef.unknownSecret").build();
    refused("a wrong key", 401, 1000, nobody.chat().createChatCompletion(params("你好").build()));
    refused("an unknown model", 400, 1211, client.chat().createChatCompletion(params("你好").model("gpt-4o").build()));
    refused("too many tokens", 400, 1210, client.chat().createChatCompletion(params("你好").maxTokens(999_999).build()));
    refused("only a system message", 400, 1214,
        client.chat().createChatCompletion(params(message("system", "你好")).build()));

    ChatCompletionResponse started =
        client.chat().createChatCompletion(params("你好").model("gpt-4o").stream(true).build());
    ZAiHttpException thrown = null;
    try {
      started.getFlowable().blockingForEach(chunk -> {});
    } catch (ZAiHttpException exception) {
      thrown = exception;
    }
    check("a refused stream throws with the code", thrown != null && thrown.statusCode == 400 && thrown.code.equals("1211"), thrown);
    check("in English, as the SDK asks", thrown.msg.startsWith("Unknown Model"), thrown.msg);
  }

  static void token() {
    ModelData answer = ask(client(API_KEY).enableTokenCache().build(), params("你好"));
    check("a key sent as a JWT is accepted", answer.getChoices().get(0).getFinishReason().equals("stop"), answer);
  }

  static ZaiClient.Builder client(String key) {
    return new ZaiClient.Builder(BASE_URL, key);
  }

  static ChatCompletionCreateParams.ChatCompletionCreateParamsBuilder<?, ?> params(String question) {
    return params(message("user", question));
  }

  static ChatCompletionCreateParams.ChatCompletionCreateParamsBuilder<?, ?> params(ChatMessage... messages) {
    return ChatCompletionCreateParams.builder().model("glm-4.6").messages(List.of(messages));
  }

  static ChatMessage message(String role, String content) {
    return ChatMessage.builder().role(role).content(content).build();
  }

  static ChatThinking thinking(String type) {
    return ChatThinking.builder().type(type).build();
  }

  static ModelData ask(ZaiClient client, ChatCompletionCreateParams.ChatCompletionCreateParamsBuilder<?, ?> params) {
    ChatCompletionResponse response = client.chat().createChatCompletion(params.build());
    if (!response.isSuccess()) throw new IllegalStateException("the call failed: " + response);
    return response.getData();
  }

  static List<ModelData> streamed(ChatCompletionCreateParams.ChatCompletionCreateParamsBuilder<?, ?> params) {
    ChatCompletionResponse response = client.chat().createChatCompletion(params.stream(true).build());
    return response.getFlowable().toList().blockingGet();
  }

  static String joined(List<ModelData> chunks, Function<Delta, String> part) {
    return chunks.stream()
        .map(chunk -> part.apply(chunk.getChoices().get(0).getDelta()))
        .filter(Objects::nonNull)
        .collect(Collectors.joining());
  }

  static void checkWeatherCall(ToolCalls call) throws IOException {
    check("get_weather", call.getFunction().getName().equals("get_weather"), call);
    JsonNode parsed = mapper.readTree(call.getFunction().getArguments().asText());
    check("with the city of the question", parsed.path("city").asText().equals("北京"), parsed);
  }

  static void checkUsage(Usage usage) {
    int sum = usage.getPromptTokens() + usage.getCompletionTokens();
    boolean addsUp = usage.getPromptTokens() > 0 && usage.getCompletionTokens() > 0 && usage.getTotalTokens() == sum;
    check("the usage adds up", addsUp, usage);
  }

  static void refused(String what, int status, int code, ChatCompletionResponse response) {
    boolean expected = !response.isSuccess() && response.getCode() == status && response.getError().getCode() == code;
    check(what + " is " + status + "/" + code, expected, response);
  }

  static void check(String sentence, boolean holds, Object got) {
    if (!holds) {
      System.err.println("FAIL: expected: " + sentence + "\n      but got: " + got);
      System.exit(1);
    }
    System.out.println("  ok: " + sentence);
  }
}
