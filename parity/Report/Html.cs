// Text into HTML. Names of tensors come out of files that anyone may have written.

using System.Net;

namespace Ditar.Parity;

internal static class Html
{
    public static string Escape(string text) => WebUtility.HtmlEncode(text);
}
